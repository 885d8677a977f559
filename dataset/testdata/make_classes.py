"""Writes dataset/classes.txt from a JSON list of {"wnid", "name"} in the order of the networks' outputs.

python3 dataset/testdata/make_classes.py $GESTALT_SHARED/data/imagenet-classes.json > dataset/classes.txt
"""
import json
import sys

for c in json.load(open(sys.argv[1])):
    print(c["wnid"], c["name"])
