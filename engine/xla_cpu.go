//go:build xla && cgo && linux

package engine

// go-xla v0.4.0 passes the option "preallocate", meant for CUDA, to every plug-in when it makes a client. XLA's own CPU
// plug-in refuses options that it does not know ("Unexpected option name passed to PJRT_Client_Create: preallocate"), so
// go-xla alone can't open it. The way around uses only what PJRT promises: a plug-in is a table of functions whose order
// never changes (new ones are added at the end), and go-xla takes such a table from its caller. We hand it a copy of the
// plug-in's in which the function that makes a client leaves that one option out.
//
// The layouts below are the heads of the structs of the same meaning in XLA's xla/pjrt/c/pjrt_c_api.h.

/*
#cgo LDFLAGS: -ldl
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct { // PJRT_NamedValue
	size_t struct_size;
	void *extensions;
	const char *name;
	size_t name_size;
	int type;
	int64_t value;
	size_t value_size;
} named_value;

typedef struct { // PJRT_Client_Create_Args
	size_t struct_size;
	void *extensions;
	const named_value *options;
	size_t options_count;
} client_args;

typedef void *(*create_client)(client_args *); // the result is an error or null

typedef struct { // PJRT_Api
	size_t struct_size;
	void *extensions;
	size_t version_struct_size;
	void *version_extensions;
	int major, minor;
	void *functions[];
} plugin_api;

enum { CREATE_CLIENT = 10 }; // place of PJRT_Client_Create among the functions

static create_client plugin_create_client;

static void *create_client_without_preallocate(client_args *args) {
	static const char left_out[] = "preallocate";
	const named_value *options = args->options;
	size_t count = args->options_count, kept_count = 0;
	named_value *kept = malloc((count + 1) * sizeof *kept);
	if (kept == NULL) abort();
	for (size_t i = 0; i < count; i++)
		if (options[i].name_size != sizeof left_out - 1 || memcmp(options[i].name, left_out, sizeof left_out - 1) != 0)
			kept[kept_count++] = options[i];
	args->options = kept;
	args->options_count = kept_count;
	void *err = plugin_create_client(args);
	args->options = options;
	args->options_count = count;
	free(kept);
	return err;
}

// load_plugin gives the changed table, which lives as long as the process, or null and a reason.
static plugin_api *load_plugin(const char *path, const char **reason) {
	void *library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
	if (library == NULL) {
		*reason = dlerror();
		return NULL;
	}
	const plugin_api *(*get_api)(void) = (const plugin_api *(*)(void))dlsym(library, "GetPjrtApi");
	const plugin_api *api = get_api == NULL ? NULL : get_api();
	if (api == NULL || api->struct_size < sizeof *api + (CREATE_CLIENT + 1) * sizeof(void *)) {
		*reason = "no table of PJRT functions in it";
		return NULL;
	}
	if (api->major != 0) {
		*reason = "its PJRT has another major version than 0";
		return NULL;
	}
	plugin_api *changed = malloc(api->struct_size);
	if (changed == NULL) abort();
	memcpy(changed, api, api->struct_size);
	plugin_create_client = (create_client)api->functions[CREATE_CLIENT];
	changed->functions[CREATE_CLIENT] = (void *)create_client_without_preallocate;
	return changed;
}
*/
import "C"

import (
	"fmt"
	"unsafe"

	"github.com/gomlx/go-xla/pjrt"
)

// preloadCPU loads the CPU plug-in of a path, which go-xla then knows by name. It is called at most once.
func preloadCPU(name, path string) error {
	file := C.CString(path)
	defer C.free(unsafe.Pointer(file))
	var reason *C.char
	api := C.load_plugin(file, &reason)
	if api == nil {
		return fmt.Errorf("plug-in %s: %s", path, C.GoString(reason))
	}
	if err := pjrt.RegisterPreloadedPlugin(name, uintptr(unsafe.Pointer(api))); err != nil {
		return fmt.Errorf("plug-in %s: %w", path, err)
	}
	return nil
}
