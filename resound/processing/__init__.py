"""What happens to an article after it was fetched, stage by stage (`resound.pipeline` has their order).

1. `reading` reads pages in worker processes; `dates` and `date_forms` read what they say of time.
2. `matching` decides which campaigns an article belongs to; `enriching` translates and tags it, `modelling` keeps the models in a process of their own.
3. `facts` is what holds once people's decisions are laid over it.
"""
