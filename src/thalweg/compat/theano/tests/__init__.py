"""``theano.tests``: helpers with which programs test their own ops."""

from thalweg.compat.theano.tests import unittest_tools as unittest_tools
