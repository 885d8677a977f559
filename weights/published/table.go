package published

import (
	"path"
	"regexp"
)

// table is the register: one line per file. Sizes and hashes stand here only where they could be read somewhere; what
// is not known is left out and shown as unknown.
//
// Sources: torchvision 0.14 and 0.15, torchvision/models/*.py (addresses, accuracies, sizes in MiB);
// rgeirhos/texture-vs-shape, README and models/load_pretrained_models.py; Brendel and Bethge's
// wielandbrendel/bag-of-local-features-models, bagnets/pytorchnet.py; accuracies on ImageNet of the networks trained on
// Stylized-ImageNet (SIN) and of BagNets: Geirhos et al., ICLR 2019, Tables 1 and 2, and that README. Exact sizes and
// whole hashes were read in public records of the same files; each agrees with the digits in the file's name and with
// torchvision's size.
var table = []File{
	torchvision("alexnet", "alexnet-owt-7be5be79.pth", exactly(244_408_911), "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02", 56.522, 79.066),
	torchvision("vgg11", "vgg11-8a719046.pth", about(506.84), "", 69.020, 88.628),
	torchvision("vgg11_bn", "vgg11_bn-6002323d.pth", about(506.881), "", 70.370, 89.810),
	torchvision("vgg13", "vgg13-19584684.pth", about(507.545), "", 69.928, 89.246),
	torchvision("vgg13_bn", "vgg13_bn-abd245e5.pth", about(507.59), "", 71.586, 90.374),
	torchvision("vgg16", "vgg16-397923af.pth", exactly(553_433_881), "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0", 71.592, 90.382),
	torchvision("vgg16_bn", "vgg16_bn-6c64b313.pth", exactly(553_507_836), "6c64b3138f2f4fcb3bcc4cafde11619c4f440eb1631787e93a682fd88305888a", 73.360, 91.516),
	torchvision("vgg19", "vgg19-dcbb9e9d.pth", exactly(574_673_361), "dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44", 72.376, 90.876),
	torchvision("vgg19_bn", "vgg19_bn-c79401a0.pth", exactly(574_769_405), "c79401a0cf3cb42714e4182f5868c7a6f4f4534f5df9e956e2bb2098de41cbb6", 74.218, 91.842),
	torchvision("googlenet", "googlenet-1378be20.pth", about(49.731), "", 69.778, 89.530),
	torchvision("inception_v3", "inception_v3_google-0cc3c7bd.pth", about(103.903), "", 77.294, 93.450),
	torchvision("resnet18", "resnet18-f37072fd.pth", exactly(46_830_571), "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec", 69.758, 89.078),
	torchvision("resnet34", "resnet34-b627a593.pth", exactly(87_319_819), "b627a593bcbe140c234610266fe4f8ae95ea42fc881d091c9b6052e6b1d0590f", 73.314, 91.420),
	torchvision("resnet50", "resnet50-0676ba61.pth", exactly(102_530_333), "0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a", 76.130, 92.862),
	torchvision("resnet101", "resnet101-63fe2227.pth", about(170.511), "", 77.374, 93.546),
	torchvision("resnet152", "resnet152-394f9c45.pth", about(230.434), "", 78.312, 94.046),
	torchvision("squeezenet1_0", "squeezenet1_0-b66bff10.pth", about(4.778), "", 58.092, 80.420),
	torchvision("squeezenet1_1", "squeezenet1_1-b8a52dc0.pth", exactly(4_958_839), "b8a52dc049b60e4b6ab68ad0df457362afab8b6304b2febdc1650a5dab4d7e7b", 58.178, 80.624),
	torchvision("shufflenet_v2_x0_5", "shufflenetv2_x0.5-f707e7126e.pth", about(5.282), "", 60.552, 81.746),
	torchvision("shufflenet_v2_x1_0", "shufflenetv2_x1-5666bf0f80.pth", about(8.791), "", 69.362, 88.316),
	resized(232, torchvision("shufflenet_v2_x1_5", "shufflenetv2_x1_5-3c479a10.pth", about(13.557), "", 72.996, 91.086)),
	resized(232, torchvision("shufflenet_v2_x2_0", "shufflenetv2_x2_0-8be3c8ee.pth", about(28.433), "", 76.230, 93.006)),
	torchvision("mobilenet_v2", "mobilenet_v2-b0353104.pth", about(13.555), "", 71.878, 90.286),
	torchvision("densenet121", "densenet121-a639ec97.pth", exactly(32_342_954), "a639ec97d7c33b07ae66f0b5fb7d0192f95a3b11b7576c66c0126c2a727c4395", 74.434, 91.972),

	newRecipe("resnet50", "resnet50-11ad3fa6.pth", about(97.79), "11ad3fa62ca79e40addfd354a8ec4b7c75143b3038b8d2a807fbc68deab379ca", 80.858, 95.434),
	newRecipe("resnet101", "resnet101-cd907fc2.pth", about(170.53), "", 81.886, 95.780),
	newRecipe("resnet152", "resnet152-f82ba261.pth", about(230.474), "", 82.284, 96.002),
	newRecipe("mobilenet_v2", "mobilenet_v2-7ebf99e0.pth", exactly(14_258_573), "7ebf99e03e254b273379b23edca7ec0da9f48273b23a332b93c1c99d49e86e8f", 72.154, 90.822),

	geirhos("resnet50-sin", "resnet50", "raw/6f41d2e86fc60566f78de64ecff35cc61eb6436f/resnet50_train_60_epochs-c8e5653e.pth.tar", 60.18, 82.62, "trained on Stylized-ImageNet (the paper's A)"),
	geirhos("resnet50-sin-in", "resnet50", "raw/60b770e128fffcbd8562a3ab3546c1a735432d03/resnet50_train_45_epochs_combined_IN_SF-2a0d100e.pth.tar", 74.59, 92.14, "trained on both ImageNets (the paper's B)"),
	geirhos("resnet50-shape", "resnet50", "raw/60b770e128fffcbd8562a3ab3546c1a735432d03/resnet50_finetune_60_epochs_lr_decay_after_30_start_resnet50_train_45_epochs_combined_IN_SF-ca06340c.pth.tar", 76.72, 93.28, "Shape-ResNet: B fine-tuned on ImageNet (the paper's C)"),
	geirhos("alexnet-sin", "alexnet", "raw/0008049cd10f74a944c6d5e90d4639927f8620ae/alexnet_train_60_epochs_lr0.001-b4aa5238.pth.tar", 0, 0, "trained on Stylized-ImageNet"),
	byHand("https://drive.google.com/drive/folders/1A0vUWyU6fTuc-xWgwQQeBvzbwi6geYQK", geirhos("vgg16-sin", "vgg16", "vgg16_train_60_epochs_lr0.01-6c6fcc9f.pth.tar", 52.260, 76.390, "trained on Stylized-ImageNet")),

	bagNet("bagnet9", "bagnet8-34f4ccd2.pth.tar", 70.0),
	bagNet("bagnet17", "bagnet16-105524de.pth.tar", 80.3),
	bagNet("bagnet33", "bagnet32-2ddd53ed.pth.tar", 86.4),

	{Name: "adain-encoder", File: "adain_vgg_normalised.pth", URL: adaIN + "/releases/download/v0.0.0/vgg_normalised.pth", Page: adaIN, Size: exactly(80_102_481), SHA256: "804ca2835ecf7539f0cd2a7ac3c18ce81e6f8468969ae7117ac0c148d286bb4a", Licence: "MIT", About: "AdaIN: VGG-19 up to relu5_4, normalised"},
	{Name: "adain-decoder", File: "adain_decoder.pth", URL: adaIN + "/releases/download/v0.0.0/decoder.pth", Page: adaIN, SHA256: "379ca41d59f3a37eed3599bbbc2560c19da5c458870a5ffd3a9dd41aa88f9472", Licence: "MIT", About: "AdaIN: from relu4_1 back to a picture"},
	{Name: "magenta-predictor", File: "style_predict_quantized_256.tflite", URL: magenta + "/style_predict_quantized_256.tflite", Page: magentaPage, Licence: "Apache-2.0", About: "arbitrary style: a picture's style vector (TFLite)"},
	{Name: "magenta-transformer", File: "style_transfer_quantized_dynamic.tflite", URL: magenta + "/style_transfer_quantized_dynamic.tflite", Page: magentaPage, Licence: "Apache-2.0", About: "arbitrary style: repaints a picture (TFLite)"},
	styleAugmentation("styleaug-predictor", "checkpoint_stylepredictor.pth", Size{}, "", "style randomisation: a picture's style vector"),
	styleAugmentation("styleaug-transformer", "checkpoint_transformer.pth", Size{}, "", "style randomisation: repaints a picture"),
	styleAugmentation("styleaug-embeddings", "checkpoint_embeddings.pth", exactly(81_839), "796c625a43c2e29b77c2fd350ff29b4936950ab1e0b7d3515d7bdb824e3ec890", "style randomisation: distribution of style vectors"),
}

const (
	adaIN       = "https://github.com/naoto0804/pytorch-AdaIN"
	magenta     = "https://storage.googleapis.com/download.tensorflow.org/models/tflite/arbitrary_style_transfer"
	magentaPage = "https://www.tensorflow.org/lite/examples/style_transfer/overview"
)

// torchvision is a file of torchvision's IMAGENET1K_V1 weights, those that the field compares with.
func torchvision(network, file string, size Size, sum string, top1, top5 float64) File {
	return File{
		Name: network, Network: network, File: file, Size: size, SHA256: orNamed(sum, file), Top1: top1, Top5: top5,
		URL: "https://download.pytorch.org/models/" + file, Page: "https://github.com/pytorch/vision",
		Licence: "BSD-3-Clause", About: "torchvision's IMAGENET1K_V1",
	}
}

// newRecipe is a file of torchvision's IMAGENET1K_V2 weights, which were trained differently and are evaluated from a
// shorter side of 232 pixels.
func newRecipe(network, file string, size Size, sum string, top1, top5 float64) File {
	f := resized(232, torchvision(network, file, size, sum, top1, top5))
	f.Name += "-v2"
	f.About = "torchvision's IMAGENET1K_V2, a newer recipe"
	return f
}

func resized(pixels int, f File) File {
	f.Resize = pixels
	return f
}

// geirhos is a file of the authors of the paper.
func geirhos(name, network, address string, top1, top5 float64, about string) File {
	file := path.Base(address)
	return File{
		Name: name, Network: network, File: file, SHA256: orNamed("", file), Top1: top1, Top5: top5, About: about,
		URL:  "https://bitbucket.org/robert_geirhos/texture-vs-shape-pretrained-models/" + address,
		Page: "https://github.com/rgeirhos/texture-vs-shape",
	}
}

// byHand is a file that no program can get from its page.
func byHand(page string, f File) File {
	f.URL, f.Page = "", page
	return f
}

// bagNet is a file of the authors of BagNets, whose names for them count the pixels differently. Only top-5 is printed
// in Geirhos et al., Table 1.
func bagNet(name, file string, top5 float64) File {
	return File{
		Name: name, Network: name, File: file, SHA256: orNamed("", file), Top5: top5, Licence: "MIT", About: "the authors' BagNet",
		URL:  "https://bitbucket.org/wielandbrendel/bag-of-feature-pretrained-models/raw/249e8fa82c0913623a807d9d35eeab9da7dcc2a8/" + file,
		Page: "https://github.com/wielandbrendel/bag-of-local-features-models",
	}
}

// styleAugmentation is a file of Jackson et al. (arXiv 1809.05375); the names begin with styleaug_ here because those
// of the repository say little by themselves.
func styleAugmentation(name, file string, size Size, sum, about string) File {
	return File{
		Name: name, File: "styleaug_" + file, Size: size, SHA256: sum, Licence: "MIT", About: about,
		URL:  "https://github.com/philipjackson/style-augmentation/raw/0273e2e66a894d553c7466773802e09eae41f698/styleaug/checkpoints/" + file,
		Page: "https://github.com/philipjackson/style-augmentation",
	}
}

// named finds the first digits of the SHA-256 in a file name, where PyTorch's convention puts them: torch.hub compares
// them with the file when asked to, and PyTorch 1.0 always did.
var named = regexp.MustCompile(`-([0-9a-f]{8,64})\.`)

func orNamed(sum, file string) string {
	if sum == "" {
		if m := named.FindStringSubmatch(file); m != nil {
			return m[1]
		}
	}
	return sum
}
