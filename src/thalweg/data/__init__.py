"""Data: pipelines of batches; files of images, texts and tables; classic sets, made-up ones; targets and splits."""

from thalweg.data.batches import batches as batches
from thalweg.data.bundled import *  # noqa: F403
from thalweg.data.dataset import AUTOTUNE as AUTOTUNE
from thalweg.data.dataset import Dataset as Dataset
from thalweg.data.downloads import *  # noqa: F403
from thalweg.data.folders import image_dataset_from_directory as image_dataset_from_directory
from thalweg.data.folders import load_image as load_image
from thalweg.data.folders import text_dataset_from_directory as text_dataset_from_directory
from thalweg.data.sets import NAMES as NAMES
from thalweg.data.sets import DataSet as DataSet
from thalweg.data.sets import cache_folder as cache_folder
from thalweg.data.sets import find_folder as find_folder
from thalweg.data.sets import load as load
from thalweg.data.tables import Table as Table
from thalweg.data.tables import load_csv as load_csv
from thalweg.data.targets import encode_labels as encode_labels
from thalweg.data.targets import to_categorical as to_categorical
from thalweg.data.targets import train_test_split as train_test_split
from thalweg.data.toys import *  # noqa: F403
