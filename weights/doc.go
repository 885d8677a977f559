// Package weights holds tensors on disk: it reads and writes safetensors files, reads the .pth and .pt files of PyTorch,
// and converts what it reads to the number format and the layout that the networks' graphs use.
//
// A safetensors file is eight bytes N (little endian), N bytes of JSON that say of each tensor its type, shape and
// place, and then the tensors' bytes one after the other (https://github.com/huggingface/safetensors, "Format").
// A PyTorch file is a pickle, which says the same in the form of a program, and the bytes of the storages that the
// tensors look into (torch/serialization.py). Of a TensorFlow Lite file the layers' kernels and biases are taken. [Open] tells them apart and
// gives the same File for all.
//
// Reading is strict: a file that the format does not allow is refused with an error that names the file, the tensor and
// what to do, before anything of the claimed size is allocated. A pickle is data: nothing in it is executed, and what is
// no tensor, number, string or container of them is refused by its name.
//
// Files keep PyTorch's layout (kernels OIHW, linear weights [out, in]); graphs want HWIO and [in, out].
// [OIHWToHWIO] and its inverse convert at this door and nowhere else.
package weights
