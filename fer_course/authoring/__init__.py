"""For authors: build lessons from the solved notebooks, tidy and check notebooks, link to services that open them.

=================  ====================================================================
``notebooks``      read, tidy and write notebooks as they are committed
``lessons``        build `lessons/` from `solutions/`
``rules``          the rules for every notebook: `fer-course lint`
``hosting_links``  addresses that open a notebook in Colab, Binder or Kaggle
=================  ====================================================================
"""
