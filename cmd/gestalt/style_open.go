package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/style"
	"github.com/gestalt-vision/gestalt/stylize"
)

// openedMethod is a method on an engine, with its styles.
type openedMethod struct {
	stylizer style.Stylizer
	styles   stylize.Styles
	from     string          // all that styles depend on
	pictures *style.Pictures // the styles, where they are made whenever they are drawn
	broken   []style.BrokenStyle
	closers  []func() error
}

func (m *openedMethod) close() (err error) {
	for _, c := range m.closers {
		err = errors.Join(err, c())
	}
	return err
}

// openMethod opens a method and its styles.
func openMethod(cmd *cobra.Command, f styleFlags, method styleMethod, c configuration) (*openedMethod, error) {
	backend, err := c.open()
	if err != nil {
		return nil, err
	}
	stylizer, err := method.open(backend, f)
	if err != nil {
		return nil, err
	}
	m := &openedMethod{stylizer: stylizer, closers: []func() error{stylizer.Close}}
	if f.styles == "" {
		m.styles = stylizer
		m.from, err = method.random(f)
	} else {
		err = m.openStyles(cmd, f, method, c)
	}
	if err != nil {
		return nil, errors.Join(err, m.close())
	}
	return m, nil
}

// openStyles makes the styles of pictures, or finds those that were made before.
func (m *openedMethod) openStyles(cmd *cobra.Command, f styleFlags, method styleMethod, c configuration) error {
	encoder, ok := m.stylizer.(style.Encoder)
	if !ok {
		return usagef("%s takes no styles from pictures", method.name)
	}
	if strings.HasSuffix(f.styles, weightsSuffix) {
		bank, err := style.OpenBank(f.styles, encoder)
		if err != nil {
			return err
		}
		m.useBank(bank)
		return nil
	}
	set, err := dataset.Open(f.styles)
	if err != nil {
		return err
	}
	if method.large {
		m.closers = append(m.closers, set.Close)
		return m.drawFrom(cmd, encoder, set)
	}
	return errors.Join(m.makeBank(cmd, f, encoder, set, c), set.Close())
}

// drawFrom takes the styles of pictures without keeping them.
func (m *openedMethod) drawFrom(cmd *cobra.Command, encoder style.Encoder, set *dataset.Set) error {
	pictures, broken, err := style.OpenPictures(cmd.Context(), encoder, set)
	if err != nil {
		return err
	}
	m.pictures, m.styles, m.from, m.broken = pictures, pictures, pictures.Identity(), broken
	return nil
}

func (m *openedMethod) useBank(bank *style.Bank) {
	m.styles, m.from, m.closers = bank, bank.Identity(), append(m.closers, bank.Close)
}

// makeBank brings the file that keeps the styles of a set up to date: --bank, or one in the cache for each set of
// pictures, encoder and engine, whose last bits differ.
func (m *openedMethod) makeBank(cmd *cobra.Command, f styleFlags, encoder style.Encoder, set *dataset.Set, c configuration) error {
	file := f.bank
	if file == "" {
		path, err := filepath.Abs(f.styles)
		if err != nil {
			return err
		}
		sum := sha256.Sum256([]byte(path + "\n" + encoder.EncoderIdentity() + "\n" + c.String()))
		file = filepath.Join(cacheFolder(), "styles", fmt.Sprintf("%x%s", sum[:8], weightsSuffix))
	}
	bar := newProgress(cmd.ErrOrStderr(), "styles", set.Len())
	bank, broken, err := style.MakeBank(cmd.Context(), file, encoder, set, style.BankOptions{Progress: bar.add})
	if err != nil {
		return err
	}
	m.useBank(bank)
	m.broken = broken
	return nil
}
