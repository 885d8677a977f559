package stylize

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/gestalt-vision/gestalt/dataset"
)

// shardSpool is the folder of a shard's pictures until it is whole.
func shardSpool(shard int) string { return fmt.Sprintf("%s/shard-%06d", spoolName, shard) }

func shardName(shard int) string { return fmt.Sprintf("shard-%06d.tar", shard) }

// assemble writes a tar shard, when something is known about all its pictures and it is not there yet, or pictures have
// been made since it was.
func (f *folder) assemble(shard int) (err error) {
	j := f.job
	first, end := shard*j.ShardSize, min((shard+1)*j.ShardSize, j.tasks())
	if !f.done.covered(first, end) {
		return nil
	}
	spool, path := f.path(shardSpool(shard)), f.path(shardName(shard))
	if fresh, _ := os.ReadDir(spool); isFile(path) && len(fresh) == 0 {
		return nil
	}
	before := map[string][]byte{} // the pictures of the shard as it was
	if isFile(path) {
		if before, err = readShard(path); err != nil {
			return err
		}
	}
	err = f.write(shardName(shard), func(w io.Writer) error {
		archive := dataset.NewTarWriter(w)
		for t := first; t < end; t++ {
			if f.done.lines[t].failed {
				continue
			}
			output := j.output(t)
			data, err := os.ReadFile(f.path(f.member(t)))
			if errors.Is(err, os.ErrNotExist) && before[output] != nil {
				data, err = before[output], nil
			}
			if err != nil {
				return err
			}
			if err := archive.Add(output, data); err != nil {
				return err
			}
			if index, _ := j.item(t); j.label(index) != "" {
				if err := archive.Add(labelName(output), []byte(j.label(index)+"\n")); err != nil {
					return err
				}
			}
		}
		return archive.Close()
	})
	return errors.Join(err, f.drop(spool, err))
}

// assembleOf writes the tar shards that these entries have made whole.
func (f *folder) assembleOf(entries []Entry) error {
	if f.job.ShardSize == 0 {
		return nil
	}
	seen := map[int]bool{}
	for _, e := range entries {
		if shard := e.Task / f.job.ShardSize; !seen[shard] {
			seen[shard] = true
			if err := f.assemble(shard); err != nil {
				return err
			}
		}
	}
	return nil
}

// drop removes a spool unless something went wrong.
func (f *folder) drop(spool string, failed error) error {
	if failed != nil {
		return nil
	}
	return os.RemoveAll(spool)
}

// readShard reads the pictures of a tar shard; one in which all pictures failed has none.
func readShard(path string) (map[string][]byte, error) {
	set, err := dataset.Open(path)
	if errors.Is(err, dataset.ErrEmpty) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer set.Close()
	pictures := make(map[string][]byte, set.Len())
	for i := range set.Len() {
		if pictures[set.Item(i).Key], err = set.Read(i); err != nil {
			return nil, err
		}
	}
	return pictures, nil
}

// allShards says whether every tar shard is there.
func (f *folder) allShards() bool {
	for s := range f.job.shards() {
		if !isFile(f.path(shardName(s))) {
			return false
		}
	}
	return true
}

// shardsOf are the tar shards of some tasks in ascending order.
func (j *Job) shardsOf(first, end int) (shards []int) {
	if j.ShardSize == 0 || first >= end {
		return nil
	}
	for s := first / j.ShardSize; s <= (end-1)/j.ShardSize; s++ {
		shards = append(shards, s)
	}
	return shards
}
