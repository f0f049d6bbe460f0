"""For those who write lessons: build them from the solved notebooks, tidy notebooks, link to services that open them.

=================  ====================================================================
``notebooks``      read, tidy and write notebooks as they are committed
``lessons``        build `lessons/` from `solutions/`
``hosting_links``  addresses that open a notebook in Colab, Binder or Kaggle
=================  ====================================================================
"""
