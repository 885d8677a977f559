"""Writes values_2.pkl to values_5.pkl, one value by each protocol; pickle_test.go says which.

    python3 make_pickles.py
"""
import collections
import pathlib
import pickle

value = (
    None, True, False, 0, -1, 255, 65536, -2**31, 2**40, -2**63, -2**70, 0.5, "", "ä€", b"\x00\xff", bytearray(b"\x01"),
    (), (1,), (1, 2, 3, 4), ["a", []], {"k": "v", 2: ()}, collections.OrderedDict(first=1, second=2),
    collections.defaultdict(int, {1: 2}), collections.Counter("a"), {"only"}, frozenset(["one"]))
for protocol in range(2, 6):
    pathlib.Path(__file__).with_name(f"values_{protocol}.pkl").write_bytes(pickle.dumps(value, protocol))
