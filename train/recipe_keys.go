package train

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gestalt-vision/gestalt/internal/spelling"
)

var recipeType = reflect.TypeFor[Recipe]()

// checkKeys makes sure that a YAML mapping has only the keys of a struct, at any depth, and none twice.
func checkKeys(node *yaml.Node, t reflect.Type, above string) error {
	switch {
	case node.Kind == yaml.AliasNode:
		return fmt.Errorf("line %d: a recipe has no aliases", node.Line)
	case t.Kind() == reflect.Pointer:
		return checkKeys(node, t.Elem(), above)
	case t.Kind() == reflect.Slice && node.Kind == yaml.SequenceNode:
		for _, item := range node.Content {
			if err := checkKeys(item, t.Elem(), above); err != nil {
				return err
			}
		}
	case t.Kind() == reflect.Struct && node.Kind == yaml.MappingNode:
		seen := map[string]bool{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			key, value := node.Content[i], node.Content[i+1]
			field, ok := fieldOf(t, key.Value)
			if !ok {
				return fmt.Errorf("line %d: there is no key %q%s%s (there are %s)", key.Line, key.Value, in(above),
					didYouMean(key.Value, keysOf(t)), strings.Join(keysOf(t), ", "))
			}
			if seen[key.Value] {
				return fmt.Errorf("line %d: %s is there twice", key.Line, above+key.Value)
			}
			seen[key.Value] = true
			if err := checkKeys(value, field.Type, above+key.Value+"."); err != nil {
				return err
			}
		}
	}
	return nil
}

func in(above string) string {
	if above == "" {
		return ""
	}
	return " in " + strings.TrimSuffix(above, ".")
}

func didYouMean(name string, all []string) string {
	if near := spelling.Nearest(name, all); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// keyOf is what a field is called in YAML.
func keyOf(f reflect.StructField) string {
	key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	return key
}

func keysOf(t reflect.Type) (keys []string) {
	for i := range t.NumField() {
		keys = append(keys, keyOf(t.Field(i)))
	}
	return keys
}

func fieldOf(t reflect.Type, key string) (reflect.StructField, bool) {
	for i := range t.NumField() {
		if f := t.Field(i); keyOf(f) == key {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// plainYAML takes the words of the parser off an error: "yaml: unmarshal errors:\n  line 3: cannot unmarshal …".
func plainYAML(err error) error {
	var types *yaml.TypeError
	if errors.As(err, &types) {
		return errors.New(strings.Join(types.Errors, "; "))
	}
	return errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
}

var variable = regexp.MustCompile(`\$(\w+|\{\w+\})`)

// Variables are the names that stand for folders in the recipe's sources: in for "$in/train".
func (r Recipe) Variables() (names []string) {
	for _, folder := range r.folders() {
		for _, found := range variable.FindAllString(folder, -1) {
			if name := strings.Trim(found, "${}"); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// folders are all places that the recipe names.
func (r Recipe) folders() (all []string) {
	for _, s := range slices.Concat(r.Train, r.Validation) {
		all = append(all, s.Folder)
	}
	return append(all, r.Augment.Style.Styles, r.Init)
}

// With is the recipe with folders in place of its variables. An error names those that are missing.
func (r Recipe) With(folders map[string]string) (Recipe, error) {
	var missing []string
	for _, name := range r.Variables() {
		if folders[name] == "" {
			missing = append(missing, "$"+name)
		}
	}
	if len(missing) > 0 {
		return r, fmt.Errorf("the recipe leaves open where %s is", strings.Join(missing, " and "))
	}
	fill := func(folder string) string {
		return variable.ReplaceAllStringFunc(folder, func(found string) string { return folders[strings.Trim(found, "${}")] })
	}
	fillAll := func(sources []SourceRecipe) []SourceRecipe {
		filled := slices.Clone(sources)
		for i := range filled {
			filled[i].Folder = fill(filled[i].Folder)
		}
		return filled
	}
	r.Train, r.Validation = fillAll(r.Train), fillAll(r.Validation)
	r.Augment.Style.Styles, r.Init = fill(r.Augment.Style.Styles), fill(r.Init)
	return r, nil
}

// Differences says in which values another recipe differs: "schedule.rate was 0.1 and is 0.2".
func (r Recipe) Differences(now Recipe) (all []string) {
	return differences(reflect.ValueOf(r), reflect.ValueOf(now), "")
}

func differences(was, is reflect.Value, key string) (all []string) {
	if was.Kind() == reflect.Struct {
		for i := range was.NumField() {
			name := keyOf(was.Type().Field(i))
			if key != "" {
				name = key + "." + name
			}
			all = append(all, differences(was.Field(i), is.Field(i), name)...)
		}
		return all
	}
	if !reflect.DeepEqual(was.Interface(), is.Interface()) && key != "about" {
		all = append(all, fmt.Sprintf("%s was %s and is %s", key, oneLine(was), oneLine(is)))
	}
	return all
}

// oneLine shows a value as a recipe has it, on one line.
func oneLine(v reflect.Value) string {
	if v.Kind() == reflect.Slice { // of sources
		text := []string{}
		for i := range v.Len() {
			s := v.Index(i).Interface().(SourceRecipe)
			text = append(text, s.String())
		}
		return strings.Join(text, " + ")
	}
	if v.Kind() == reflect.String {
		return fmt.Sprintf("%q", v.String())
	}
	return fmt.Sprint(v.Interface())
}

// String names the set of pictures for a reader.
func (s SourceRecipe) String() string {
	if s.Synth == nil {
		return s.Folder
	}
	return fmt.Sprintf("synth %s %s %d (seed %d)", s.Synth.Kind, s.Synth.Split, s.Synth.Count, s.Synth.Seed)
}

// Set changes one value by its key, such as schedule.rate, to what a recipe's file would have behind the colon.
func (r *Recipe) Set(key, value string) error {
	var of yaml.Node
	if err := yaml.Unmarshal([]byte(value), &of); err != nil {
		return fmt.Errorf("%s: %w", key, plainYAML(err))
	}
	if len(of.Content) != 1 {
		return fmt.Errorf("%s: a value is missing", key)
	}
	node := of.Content[0]
	for _, name := range slices.Backward(strings.Split(key, ".")) {
		node = &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Value: name}, node}}
	}
	if err := checkKeys(node, recipeType, ""); err != nil {
		return fmt.Errorf("%s: %w", key, withoutLine(err))
	}
	if err := node.Decode(r); err != nil {
		return fmt.Errorf("%s: %w", key, withoutLine(plainYAML(err)))
	}
	return nil
}

var lineNumber = regexp.MustCompile(`^line \d+: `)

// withoutLine takes off the number of a line where there is only one.
func withoutLine(err error) error { return errors.New(lineNumber.ReplaceAllString(err.Error(), "")) }
