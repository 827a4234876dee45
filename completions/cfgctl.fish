complete --keep-order --exclusive --command cfgctl --arguments "(CFGCTL_COMPLETE=fish cfgctl -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"
