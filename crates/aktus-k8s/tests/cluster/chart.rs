//! Desired objects as charts have them.

use serde_json::{Value, json};

/// What a chart of the usual kind holds, with all that makes live objects look different from desired ones.
pub(crate) fn chart() -> Vec<Value> {
    let labels = json!({"app": "web"});
    let pod = json!({
        "serviceAccountName": "web",
        "automountServiceAccountToken": false,
        "hostNetwork": false,
        "securityContext": {},
        "tolerations": [],
        "nodeSelector": {"kubernetes.io/arch": "amd64"},
        "initContainers": [{"name": "migrate", "image": "web:1", "command": ["migrate"]}],
        "containers": [{
            "name": "web",
            "image": "web:1",
            "env": [
                {"name": "B", "value": "2"},
                {"name": "A", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "token"}}},
                {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            ],
            "ports": [{"containerPort": 8080}, {"containerPort": 53, "protocol": "UDP", "name": "dns"}],
            "resources": {"limits": {"cpu": "1000m", "memory": "1024Mi"}, "requests": {"cpu": 0.5}},
            "volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "tmp", "mountPath": "/tmp"}],
            "livenessProbe": {"httpGet": {"path": "/", "port": 8080}},
            "args": [],
        }],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}, {"name": "tmp", "emptyDir": {}}],
    });
    let template = json!({"metadata": {"labels": labels, "creationTimestamp": null}, "spec": pod});
    vec![
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web"}}),
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"}, "type": "Opaque",
            "stringData": {"token": "hf_123"}, "data": {"other": "eHg="}}),
        json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "fast"},
            "provisioner": "ebs.csi.aws.com", "parameters": {"type": "gp3"}}),
        json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
            "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "fast",
                "resources": {"requests": {"storage": "1024Mi"}}}}),
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "annotations": {"note": ""}},
            "spec": {"type": "LoadBalancer", "selector": labels, "ports": [
                {"name": "http", "port": 80, "targetPort": 8080}, {"name": "dns", "port": 53, "protocol": "UDP"}]}}),
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
            "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}}),
        json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"},
            "spec": {"serviceName": "db", "selector": {"matchLabels": labels}, "template": template,
                "volumeClaimTemplates": [{"metadata": {"name": "store"}, "spec": {
                    "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "5Gi"}}}}]}}),
        json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "agent"},
            "spec": {"selector": {"matchLabels": labels}, "template": template}}),
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "web"},
            "spec": {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"ports": [{"port": 80}]}]}}),
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "web"},
            "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]}),
        json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "setup"},
            "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [
                {"name": "setup", "image": "web:1"}]}}}}),
    ]
}
