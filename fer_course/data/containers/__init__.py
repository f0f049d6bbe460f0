"""What a path holds, as `Members`: files that are opened by name, wherever they are.

============  ==========================================================
``members``   `Members`, the one form of all containers
``archives``  zip, tar and single compressed files
``folders``   folders, single files, and `walk` over all that a path holds
============  ==========================================================
"""
