#!/bin/sh
# Networks exported from torchvision run by gestalt against PyTorch: network, opset, largest difference as a part of the
# largest logit. Needs Python with torch and torchvision ($PYTHON, default python3), up to 4 GB of disk and about half an hour.
#
#	bench/onnx.sh [NETWORK...]
#	OPSETS=13 bench/onnx.sh resnet50
set -e
cd "$(dirname "$0")/.."
networks=${*:-alexnet vgg11 vgg13 vgg16 vgg19 vgg11_bn vgg13_bn vgg16_bn vgg19_bn googlenet inception_v3 resnet18 resnet34 resnet50
	resnet101 resnet152 squeezenet1_0 squeezenet1_1 shufflenet_v2_x1_0 mobilenet_v2 densenet121 mobilenet_v3_small mnasnet1_0
	efficientnet_b0 regnet_y_400mf convnext_tiny vit_b_32 swin_t}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
go test -c -o "$folder/nets.test" ./nets
for network in $networks; do
	mkdir "$folder/$network"
	"${PYTHON:-python3}" bench/onnx.py "$folder/$network" "${OPSETS:-9,11,13,14,16,17}" "$network" 2>/dev/null
	(cd nets && "$folder/nets.test" -test.run 'TestONNXFolder' -test.v -onnx "$folder/$network") |
		sed -n 's/^ *onnx_test.go:[0-9]*: //p'
	rm -r "$folder/$network"
done
