// Package floors keeps the plan of the house (ARCHITECTURE.md): a package imports only packages on floors below its own.
package floors

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/gestalt-vision/gestalt/"

// floor of each package. Two packages on one floor know nothing of each other, but for the one exception in beside.
var floor = map[string]int{
	"cpu/kernel": 0, "cpu": 0,
	"pixel": 1, "dataset": 1, "weights": 1, "weights/published": 1, "engine": 1, "onnx": 1, "recipes": 1,
	"nets": 2, "measure": 2, "synth": 2, "augment": 2,
	"observe": 3, "report": 3, "style": 3,
	"stylize": 4, "train": 4,
	"speed": 5, "demo": 5,
	"cmd/gestalt": 6,
}

// beside lists imports within one floor.
var beside = map[[2]string]bool{
	{"cpu", "cpu/kernel"}: true,
	{"dataset", "pixel"}:  true,
}

// only restricts what the lowest packages may import from outside the standard library, by prefix.
var only = map[string][]string{
	"cpu/kernel": {"golang.org/x/sys/cpu"},
	"cpu":        {"github.com/gomlx/compute", module + "cpu/kernel"},
	"measure":    {module + "dataset"},
	"synth":      {module + "pixel"},
	"augment":    {module + "pixel"},
}

func TestImports(t *testing.T) {
	root := filepath.Join("..", "..")
	seen := map[string]bool{}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, file)
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if d.Name() == "testdata" || d.Name() == "asm" || strings.HasPrefix(d.Name(), ".") && rel != "." {
				return filepath.SkipDir
			}
			return nil
		}
		pkg := path.Dir(rel)
		if !strings.HasSuffix(rel, ".go") || strings.HasSuffix(rel, "_test.go") || pkg == "internal/sharedtest" {
			return nil
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			return err
		}
		if !strings.HasPrefix(pkg, "cmd/") {
			checkQuiet(t, rel, syntax)
		}
		if strings.HasPrefix(pkg, "internal/") {
			return nil
		}
		seen[pkg] = true
		if _, ok := floor[pkg]; !ok {
			t.Errorf("package %s stands on no floor: give it one here and in ARCHITECTURE.md", pkg)
			return nil
		}
		for _, spec := range syntax.Imports {
			name, _ := strconv.Unquote(spec.Path.Value)
			check(t, rel, pkg, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range floor {
		if !seen[pkg] {
			t.Errorf("package %s has a floor but no files", pkg)
		}
	}
}

// loud names what only cmd/ may do: read flags and the environment, print.
var loud = map[string]bool{
	"os.Getenv": true, "os.LookupEnv": true, "os.Environ": true, "os.Args": true, "os.Stdout": true, "os.Stderr": true,
	"fmt.Print": true, "fmt.Println": true, "fmt.Printf": true, "flag.Parse": true, "os.Exit": true,
}

func checkQuiet(t *testing.T, file string, syntax *ast.File) {
	ast.Inspect(syntax, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && loud[x.Name+"."+s.Sel.Name] {
				t.Errorf("%s uses %s.%s, which only cmd/ may", file, x.Name, s.Sel.Name)
			}
		}
		return true
	})
}

func check(t *testing.T, file, pkg, name string) {
	if allowed, ok := only[pkg]; ok && strings.Contains(name, ".") {
		found := false
		for _, prefix := range allowed {
			found = found || strings.HasPrefix(name, prefix)
		}
		if !found {
			t.Errorf("%s imports %s; package %s may import only %v", file, name, pkg, allowed)
		}
	}
	ours, ok := strings.CutPrefix(name, module)
	if !ok || strings.HasPrefix(ours, "internal/") {
		return
	}
	if floor[ours] >= floor[pkg] && !beside[[2]string{pkg, ours}] {
		t.Errorf("%s (floor %d) imports %s (floor %d)", file, floor[pkg], ours, floor[ours])
	}
}
