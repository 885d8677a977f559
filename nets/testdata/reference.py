"""PyTorch models of the networks that torchvision does not have, for make_fixtures.py."""
import torch
import torchvision
from torch import nn


def same_padding(conv):
    """Makes a convolution pad as TensorFlow's "SAME" does: the least that gives size/stride outputs, rounded up, and of
    an odd number of pixels the odd one at the bottom and the right."""

    def pad(module, inputs):
        (x,) = inputs
        sides = []
        for size, kernel, stride in zip(x.shape[:1:-1], module.kernel_size[::-1], module.stride[::-1]):
            both = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            sides += [both // 2, both - both // 2]
        return (nn.functional.pad(x, sides),)

    conv.padding = 0, 0
    conv.register_forward_pre_hook(pad)


def mobilenet_v2_tf():
    """MobileNetV2 with the padding of the authors' weights, all names as in torchvision's."""
    model = torchvision.models.mobilenet_v2()
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            same_padding(module)
    return model


def small_resnet(model, width, stride, pool):
    """A ResNet with a 3x3 stem for small pictures, and perhaps without the pooling behind it."""
    model.conv1 = nn.Conv2d(3, width, 3, stride=stride, padding=1, bias=False)
    if not pool:
        model.maxpool = nn.Identity()
    return model


def resnet18_small():
    return small_resnet(torchvision.models.resnet18(), 64, 2, False)


def resnet34_small():
    return small_resnet(torchvision.models.resnet34(), 64, 2, False)


def resnet18_small_pooled():
    return small_resnet(torchvision.models.resnet18(), 64, 2, True)


def resnet10_slim():
    """One basic block a layer, of 16 to 128 channels."""
    model = torchvision.models.ResNet(torchvision.models.resnet.BasicBlock, [1, 1, 1, 1])
    small_resnet(model, 16, 2, False).bn1 = nn.BatchNorm2d(16)
    channels = 16
    for i in range(4):
        block = torchvision.models.resnet.BasicBlock
        stride, width = 1 if i == 0 else 2, 16 << i
        shortcut = None
        if stride > 1:
            shortcut = nn.Sequential(nn.Conv2d(channels, width, 1, stride, bias=False), nn.BatchNorm2d(width))
        setattr(model, f"layer{i + 1}", nn.Sequential(block(channels, width, stride, shortcut)))
        channels = width
    model.fc = nn.Linear(channels, 1000)
    return model


class PatchBlock(nn.Module):
    """ResNet's bottleneck without padding. The shortcut is cut at the bottom and the right to the branch's size."""

    def __init__(self, channels, width, kernel, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, kernel, stride, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.downsample = None
        if stride > 1 or channels != 4 * width:
            shortcut = nn.Conv2d(channels, 4 * width, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(4 * width))

    def forward(self, x):
        y = self.bn1(self.conv1(x)).relu()
        y = self.bn2(self.conv2(y)).relu()
        y = self.bn3(self.conv3(y))
        if self.downsample:
            x = self.downsample(x)
        return (y + x[:, :, : y.shape[2], : y.shape[3]]).relu()


class BagNet(nn.Module):
    """Brendel and Bethge, ICLR 2019, with the parameter names of wielandbrendel/bag-of-local-features-models. wide counts
    the layers whose first block has a 3x3 kernel."""

    def __init__(self, wide):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 1, bias=False)
        self.conv2 = nn.Conv2d(64, 64, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64, momentum=0.001)
        channels = 64
        for i, blocks in enumerate([3, 4, 6, 3]):
            layer, width = nn.Sequential(), 64 << i
            for j in range(blocks):
                kernel = 3 if j == 0 and i < wide else 1
                stride = 2 if j == 0 and i < 3 else 1
                layer.append(PatchBlock(channels, width, kernel, stride))
                channels = 4 * width
            setattr(self, f"layer{i + 1}", layer)
        self.fc = nn.Linear(channels, 1000)

    def forward(self, x):
        x = self.bn1(self.conv2(self.conv1(x))).relu()
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean([2, 3]))


def bagnet9():
    return BagNet(2)


def bagnet17():
    return BagNet(3)


def bagnet33():
    return BagNet(4)
