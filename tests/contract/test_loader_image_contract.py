"""The contract of loaders, kept by the loader of pictures."""

from test_loader_contract import LoaderContract


class TestImageLoader(LoaderContract):
    name, sample, words, place = "ImageLoader", "notice.png", ("关于调整", "八点半", "400-820-5588", "Contact"), "page"
    unreadable = ("corrupt.png", "binary.txt", "empty.txt")
