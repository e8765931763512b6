// Renders a Helm chart with the engine Helm itself uses: text/template with sprig.
//
//	chart-render CHART [-n NAMESPACE] [-r RELEASE] [-f VALUES]... [-notes] [-tests]
//
// Covers what a chart without dependencies needs: include, tpl, required, toYaml, fromYaml, toJson, .Values, .Chart,
// .Release, .Capabilities, .Template and .Files.Get. A value that is missing renders as nothing, as in Helm.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"github.com/ghodss/yaml"
)

type values = map[string]interface{}

type list []string

func (l *list) String() string     { return strings.Join(*l, ",") }
func (l *list) Set(v string) error { *l = append(*l, v); return nil }

// files is what templates see as .Files.
type files struct{ root string }

func (f files) Get(name string) (string, error) {
	content, err := os.ReadFile(filepath.Join(f.root, name))
	return string(content), err
}

// versions is what templates see as .Capabilities.APIVersions.
type versions []string

func (v versions) Has(version string) bool {
	for _, known := range v {
		if known == version {
			return true
		}
	}
	return false
}

func main() {
	flags := flag.NewFlagSet("chart-render", flag.ExitOnError)
	namespace := flags.String("n", "default", "namespace of the release")
	release := flags.String("r", "matriarch", "name of the release")
	notes := flags.Bool("notes", false, "print NOTES.txt instead of the objects")
	tests := flags.Bool("tests", false, "include templates/tests")
	var valueFiles list
	flags.Var(&valueFiles, "f", "file with values, later ones win")
	if len(os.Args) < 2 {
		fail(errors.New("usage: chart-render CHART [options]"))
	}
	root := os.Args[1]
	_ = flags.Parse(os.Args[2:])

	chart := values{}
	fail(readYAML(filepath.Join(root, "Chart.yaml"), &chart))
	merged := values{}
	for _, path := range append([]string{filepath.Join(root, "values.yaml")}, valueFiles...) {
		layer := values{}
		fail(readYAML(path, &layer))
		merge(merged, layer)
	}
	context := values{
		"Values": merged,
		"Chart":  capitalised(chart),
		"Release": values{
			"Name": *release, "Namespace": *namespace, "Service": "Helm", "IsInstall": true, "IsUpgrade": false,
			"Revision": 1,
		},
		"Capabilities": values{
			"KubeVersion": values{"Version": "v1.28.0", "Major": "1", "Minor": "28"},
			"APIVersions": versions{"v1", "apps/v1", "policy/v1", "apiextensions.k8s.io/v1"},
		},
		"Files": files{root},
	}

	engine := template.New("chart").Option("missingkey=zero")
	engine.Funcs(functions(engine))
	var names []string
	fail(filepath.Walk(filepath.Join(root, "templates"), func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(filepath.Dir(root), path)
		names = append(names, name)
		_, err = engine.New(name).Parse(string(content))
		return err
	}))
	sort.Strings(names)
	for _, name := range names {
		isNotes := strings.HasSuffix(name, "NOTES.txt")
		isTest := strings.Contains(name, "/templates/tests/")
		isPartial := strings.HasPrefix(filepath.Base(name), "_")
		if isPartial || isNotes != *notes || (isTest && !*tests) {
			continue
		}
		context["Template"] = values{"Name": name, "BasePath": filepath.Base(root) + "/templates"}
		var out bytes.Buffer
		fail(engine.ExecuteTemplate(&out, name, context))
		// Helm does the same to what missingkey=zero prints for an absent value.
		text := strings.ReplaceAll(out.String(), "<no value>", "")
		if strings.TrimSpace(text) == "" {
			continue
		}
		if *notes {
			fmt.Print(text)
		} else {
			fmt.Printf("---\n# Source: %s\n%s\n", name, strings.TrimRight(text, "\n"))
		}
	}
}

// functions are sprig's and those Helm adds; the two that read the outside are taken away, as Helm does.
func functions(engine *template.Template) template.FuncMap {
	all := sprig.TxtFuncMap()
	delete(all, "env")
	delete(all, "expandenv")
	render := func(name string, data interface{}) (string, error) {
		var out bytes.Buffer
		err := engine.ExecuteTemplate(&out, name, data)
		return out.String(), err
	}
	all["include"] = render
	all["tpl"] = func(text string, data interface{}) (string, error) {
		clone, err := engine.Clone()
		if err != nil {
			return "", err
		}
		if _, err = clone.New("tpl").Parse(text); err != nil {
			return "", err
		}
		var out bytes.Buffer
		err = clone.ExecuteTemplate(&out, "tpl", data)
		return out.String(), err
	}
	all["required"] = func(message string, value interface{}) (interface{}, error) {
		if value == nil || value == "" {
			return nil, errors.New(message)
		}
		return value, nil
	}
	all["toYaml"] = func(value interface{}) (string, error) {
		out, err := yaml.Marshal(value)
		return strings.TrimSuffix(string(out), "\n"), err
	}
	all["fromYaml"] = func(text string) (values, error) {
		result := values{}
		return result, yaml.Unmarshal([]byte(text), &result)
	}
	all["toJson"] = func(value interface{}) (string, error) {
		out, err := json.Marshal(value)
		return string(out), err
	}
	all["lookup"] = func(...string) values { return values{} }
	return all
}

// merge lays new over old: maps key by key, null removes, everything else replaces.
func merge(old, new values) {
	for key, value := range new {
		below, isMap := old[key].(map[string]interface{})
		above, both := value.(map[string]interface{})
		switch {
		case isMap && both:
			merge(below, above)
		case value == nil:
			delete(old, key)
		default:
			old[key] = value
		}
	}
}

// capitalised gives the keys of Chart.yaml the names of Helm's struct.
func capitalised(chart values) values {
	result := values{}
	for key, value := range chart {
		result[strings.ToUpper(key[:1])+key[1:]] = value
	}
	result["AppVersion"] = chart["appVersion"]
	return result
}

func readYAML(path string, into interface{}) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err = yaml.Unmarshal(content, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}
