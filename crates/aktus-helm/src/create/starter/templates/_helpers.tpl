{{/* The name of the chart, or what it is to be called instead. */}}
{{- define "<CHART>.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/*
The name that objects begin with: that of the release, with the chart's name unless it is part of it already.
Names of many kinds may have no more than 63 letters.
*/}}
{{- define "<CHART>.fullname" -}}
{{- $name := .Values.nameOverride | default .Chart.Name }}
{{- $made := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) }}
{{- .Values.fullnameOverride | default $made | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Name and version of the chart, as a label may hold them. */}}
{{- define "<CHART>.chart" -}}
{{- printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The labels that Pods are found by. They must not change from one version to the next. */}}
{{- define "<CHART>.selectorLabels" -}}
app.kubernetes.io/name: {{ include "<CHART>.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* The labels of every object. */}}
{{- define "<CHART>.labels" -}}
helm.sh/chart: {{ include "<CHART>.chart" . }}
{{ include "<CHART>.selectorLabels" . }}
{{- with .Chart.AppVersion }}
app.kubernetes.io/version: {{ . | quote }}
{{- end }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* The service account of the Pods. */}}
{{- define "<CHART>.serviceAccountName" -}}
{{- $made := .Values.serviceAccount.create | ternary (include "<CHART>.fullname" .) "default" }}
{{- .Values.serviceAccount.name | default $made }}
{{- end }}
