package style

import (
	"fmt"

	"github.com/gestalt-vision/gestalt/weights"
)

// embeddings are what is known of the style vectors of many pictures.
type embeddings struct {
	of        pair // the networks whose vectors they are
	paintings *gaussian
	photo     []float32 // the mean of photographs' vectors, nil where it is not known
	sha256    string    // of the file
}

// readEmbeddings reads a file as [GhiasiFiles] has it.
func readEmbeddings(path string) (*embeddings, error) {
	f, err := weights.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	e := &embeddings{sha256: f.SHA256()}
	names := [...]string{magenta: "art.", jackson: "pbn_embedding_"}
	photo := [...]string{magenta: "photo.mean", jackson: "imagenet_embedding_mean"}
	if _, ok := f.Shape(names[jackson] + "mean"); ok {
		e.of = jackson
	}
	mean, err := readVector(f, names[e.of]+"mean")
	if err != nil {
		return nil, err
	}
	name := names[e.of] + "covariance"
	covariance, shape, err := f.Float32(name)
	if err != nil {
		return nil, err
	}
	if len(shape) != 2 || shape[0] != ghiasiNumbers || shape[1] != ghiasiNumbers {
		return nil, fmt.Errorf("%s: %s is %v, must be %d x %[4]d", path, name, shape, ghiasiNumbers)
	}
	if e.paintings, err = newGaussian(mean, covariance); err != nil {
		return nil, fmt.Errorf("%s: %s: %w", path, name, err)
	}
	if _, ok := f.Shape(photo[e.of]); ok {
		e.photo, err = readVector(f, photo[e.of])
	}
	return e, err
}

// readVector reads a style vector, perhaps with axes of length 1.
func readVector(f *weights.File, name string) ([]float32, error) {
	v, shape, err := f.Float32(name)
	if err == nil && len(v) != ghiasiNumbers {
		err = fmt.Errorf("%s: %s is %v, must be %d numbers", f.Path(), name, shape, ghiasiNumbers)
	}
	return v, err
}
