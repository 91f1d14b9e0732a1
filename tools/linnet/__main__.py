# SPDX-License-Identifier: BSD-3-Clause
"""python3 -m linnet"""

import sys

from linnet.cli import main

sys.exit(main())
