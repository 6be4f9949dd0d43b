package io.hadal.train.corpus.task;

import java.util.List;
import java.util.SplittableRandom;

/** Makes exercises of one kind from a file. */
interface Generator {
  List<Draft> drafts(ParsedFile file, SplittableRandom random);
}
