package main

// The Go side of `cargo xtask bench`: the same work in the same order as examples/bench of aktus-helm, timed by the
// processor time of this whole process, the collector of garbage included.

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"helm.sh/helm/v4/pkg/chart/common"
	commonutil "helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
	"sigs.k8s.io/yaml"
)

type order struct {
	// Charts, Texts: what to work on from now on.
	Charts []string `json:"charts"`
	Texts  []string `json:"texts"`
	// Check answers with sums of what the work gives, for comparison.
	Check bool `json:"check"`
	// Keep: which of the charts, in order, are parsed, which are rendered, and which texts stay.
	Keep [][]bool `json:"keep"`
	// Time: parse, parse same (only what is rendered), render, read, write or both.
	Time string `json:"time"`
}

type report struct {
	Charts      []string `json:"charts,omitempty"`
	Texts       []string `json:"texts,omitempty"`
	Nanoseconds int64    `json:"nanoseconds,omitempty"`
}

type workload struct {
	charts []string
	same   []string
	texts  []string
	values []map[string]any
}

func bench() {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := json.NewEncoder(os.Stdout)
	var work workload
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var asked order
		if err := json.Unmarshal(line, &asked); err != nil {
			fmt.Fprintln(os.Stderr, "an order is not JSON:", err)
			os.Exit(1)
		}
		out.Encode(work.obey(&asked))
	}
}

func (w *workload) obey(asked *order) (told report) {
	w.charts = append(w.charts, asked.Charts...)
	w.texts = append(w.texts, asked.Texts...)
	if asked.Check {
		for _, folder := range w.charts {
			told.Charts = append(told.Charts, chartSum(folder))
		}
		for _, text := range w.texts {
			told.Texts = append(told.Texts, sum(write(read(text))))
		}
	}
	if len(asked.Keep) == 3 {
		w.same = kept(slices.Clone(w.charts), asked.Keep[1])
		w.charts = kept(w.charts, asked.Keep[0])
		w.texts = kept(w.texts, asked.Keep[2])
		w.values = nil
		for _, text := range w.texts {
			w.values = append(w.values, read(text))
		}
	}
	if asked.Time != "" {
		told.Nanoseconds = w.time(asked.Time)
	}
	return told
}

func kept(all []string, keep []bool) []string {
	place := -1
	return slices.DeleteFunc(all, func(string) bool {
		place++
		return !keep[place]
	})
}

func (w *workload) time(what string) int64 {
	var work func()
	switch what {
	case "parse", "parse same":
		folders := w.charts
		if what == "parse same" {
			folders = w.same
		}
		var sets []map[string]string
		for _, folder := range folders {
			loaded, _, err := prepare(folder)
			check(err)
			set := map[string]string{}
			templates(loaded, set)
			sets = append(sets, set)
		}
		work = func() {
			for _, set := range sets {
				check(parse(set))
			}
		}
	case "render":
		var charts []*chart.Chart
		var values []common.Values
		for _, folder := range w.same {
			loaded, given, err := prepare(folder)
			check(err)
			charts = append(charts, loaded)
			values = append(values, given)
		}
		work = func() {
			for place := range charts {
				_, err := engine.Render(charts[place], values[place])
				check(err)
			}
		}
	case "read":
		work = func() {
			for _, text := range w.texts {
				read(text)
			}
		}
	case "write":
		work = func() {
			for _, value := range w.values {
				write(value)
			}
		}
	case "both":
		work = func() {
			for _, text := range w.texts {
				write(read(text))
			}
		}
	}
	// What was made ready is no part of the work.
	runtime.GC()
	begin := processorTime()
	work()
	return processorTime() - begin
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "the work failed:", err)
		os.Exit(1)
	}
}

func processorTime() int64 {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return usage.Utime.Nano() + usage.Stime.Nano()
}

// prepare does what `helm template` does before it renders.
func prepare(folder string) (*chart.Chart, common.Values, error) {
	loaded, err := loader.Load(folder)
	if err != nil {
		return nil, nil, err
	}
	if err := chartutil.ProcessDependencies(loaded, common.Values{}); err != nil {
		return nil, nil, err
	}
	options := common.ReleaseOptions{Name: "release-name", Namespace: "default", Revision: 1, IsInstall: true}
	values, err := commonutil.ToRenderValues(loaded, map[string]any{}, options, common.DefaultCapabilities)
	return loaded, values, err
}

// templates gathers what Helm parses.
func templates(loaded *chart.Chart, set map[string]string) {
	for _, dependency := range loaded.Dependencies() {
		templates(dependency, set)
	}
	for _, file := range loaded.Templates {
		if loaded.Metadata.Type == "library" && !strings.HasPrefix(path.Base(file.Name), "_") {
			continue
		}
		set[path.Join(loaded.ChartFullPath(), file.Name)] = string(file.Data)
	}
}

// What Helm adds to sprig; only the names matter to the parser.
var added = []string{
	"include", "tpl", "required", "lookup", "toToml", "fromToml", "toYaml", "mustToYaml", "toYamlPretty", "fromYaml",
	"fromYamlArray", "toJson", "mustToJson", "fromJson", "fromJsonArray",
}

func parse(set map[string]string) error {
	functions := sprig.TxtFuncMap()
	for _, name := range added {
		functions[name] = func(...any) string { return "" }
	}
	root := template.New("gotpl").Option("missingkey=zero").Funcs(functions)
	for name, text := range set {
		if _, err := root.New(name).Parse(text); err != nil {
			return err
		}
	}
	return nil
}

func chartSum(folder string) string {
	loaded, values, err := prepare(folder)
	if err != nil {
		return "error: " + err.Error()
	}
	rendered, err := engine.Render(loaded, values)
	if err != nil {
		return "error: " + err.Error()
	}
	var names []string
	for name := range rendered {
		if !strings.HasSuffix(name, "NOTES.txt") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var all strings.Builder
	for _, name := range names {
		all.WriteString(name + "\n" + rendered[name] + "\n")
	}
	return sum(all.String())
}

func sum(text string) string {
	digest := sha256.Sum256([]byte(text))
	return hex.EncodeToString(digest[:])
}

// read and write are fromYaml and toYaml of Helm's engine.
func read(text string) map[string]any {
	value := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		value["Error"] = err.Error()
	}
	return value
}

func write(value map[string]any) string {
	text, err := yaml.Marshal(value)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(text), "\n")
}
