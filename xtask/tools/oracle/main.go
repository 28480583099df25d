// The oracle: real Go, sprig and Helm answering cases, one JSON line each way.
//
// A question names an operation and its input; the answer is either the output, as base64 because output
// need not be text, or the error's words.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"helm.sh/helm/v4/pkg/chart/common"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/engine"
	"sigs.k8s.io/yaml"
)

type question struct {
	Operation string         `json:"operation"`
	Text      string         `json:"text"`
	Base64    bool           `json:"base64"`
	Values    map[string]any `json:"values"`
	// Times runs the operation that often and answers with the time that one took.
	Times int `json:"times"`
}

type answer struct {
	Output      *string `json:"output,omitempty"`
	Error       *string `json:"error,omitempty"`
	Nanoseconds int64   `json:"nanoseconds,omitempty"`
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "bench" {
		bench()
		return
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		var asked question
		if err := json.Unmarshal(line, &asked); err != nil {
			fmt.Fprintln(os.Stderr, "a question is not JSON:", err)
			os.Exit(1)
		}
		text, _ := json.Marshal(answered(&asked))
		out.Write(text)
		out.WriteByte('\n')
		if lines.Buffered() == 0 {
			out.Flush()
		}
	}
	out.Flush()
}

func answered(asked *question) answer {
	if asked.Base64 {
		bytes, err := base64.StdEncoding.DecodeString(asked.Text)
		if err != nil {
			return failed(err.Error())
		}
		asked.Text = string(bytes)
	}
	if asked.Times == 0 {
		return once(asked)
	}
	start := time.Now()
	for range asked.Times {
		once(asked)
	}
	return answer{Nanoseconds: time.Since(start).Nanoseconds() / int64(asked.Times)}
}

func once(asked *question) (result answer) {
	defer func() {
		if cause := recover(); cause != nil {
			result = failed(fmt.Sprintf("panic: %v", cause))
		}
	}()
	switch asked.Operation {
	case "render":
		return render(asked)
	case "yaml":
		var value any
		if err := yaml.Unmarshal([]byte(asked.Text), &value); err != nil {
			return failed(err.Error())
		}
		read, err := json.Marshal(value)
		if err != nil {
			return failed("json: " + err.Error())
		}
		written, err := yaml.Marshal(value)
		if err != nil {
			return failed("write: " + err.Error())
		}
		return succeeded(string(read) + "\n" + string(written))
	}
	return failed("unknown operation " + asked.Operation)
}

func render(asked *question) answer {
	templates := []*common.File{{Name: "templates/t", Data: []byte(asked.Text)}}
	values := asked.Values
	if values == nil {
		values = map[string]any{}
	}
	c := &chart.Chart{
		Metadata:  &chart.Metadata{Name: "c", Version: "0.1.0", APIVersion: "v2"},
		Templates: templates,
		Values:    map[string]any{},
	}
	top := common.Values{
		"Values":       common.Values(values),
		"Release":      map[string]any{"Name": "release-name", "Namespace": "default", "Revision": 1, "IsInstall": true, "IsUpgrade": false, "Service": "Helm"},
		"Capabilities": common.DefaultCapabilities,
	}
	rendered, err := engine.Render(c, top)
	if err != nil {
		return failed(err.Error())
	}
	return succeeded(rendered["c/templates/t"])
}

func succeeded(text string) answer {
	encoded := base64.StdEncoding.EncodeToString([]byte(text))
	return answer{Output: &encoded}
}

func failed(text string) answer {
	text = strings.ToValidUTF8(text, "\uFFFD")
	return answer{Error: &text}
}
