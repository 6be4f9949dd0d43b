package io.hadal.train.corpus.task;

import io.hadal.train.corpus.Task;
import java.util.List;

/**
 * An exercise that stands if code that was made for it is correct.
 *
 * @param files texts that must parse
 */
record Draft(Task task, List<String> files) {
  static Draft of(Task task, String... members) {
    return new Draft(task, List.of(members).stream().map(ParsedFile::around).toList());
  }
}
