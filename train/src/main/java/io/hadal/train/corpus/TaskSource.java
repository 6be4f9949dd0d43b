package io.hadal.train.corpus;

import java.util.List;

/** Makes exercises from the files of a training project. Thread-safe and deterministic. */
public interface TaskSource {
  /** Text that changes whenever the same files would give other exercises. */
  String recipe();

  /**
   * Exercises from single files, in the order of the files.
   *
   * @param round how often the files were asked before; every time others come out
   */
  List<Task> ofFiles(List<Document> documents, int round);

  /** Exercises that need several files of a project. */
  List<Task> ofProject(List<Document> documents, int round);
}
