"""The school's journal: the trail of `audit`, said in French to who may read it."""
