package io.hadal.train.corpus.task;

import com.sun.source.tree.MethodTree;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** A method with a bug, and what it was before. */
final class BugFixes implements Generator {
  static final String KIND = "bug";

  private static final int LEAST = 80;
  private static final int MOST = 2500;

  @Override
  public List<Draft> drafts(ParsedFile file, SplittableRandom random) {
    List<MethodTree> methods = file.methods(LEAST, MOST);
    for (int attempt = 0; attempt < 4 && !methods.isEmpty(); attempt++) {
      MethodTree method = methods.get(random.nextInt(methods.size()));
      Map<String, List<Bug>> kinds = new TreeMap<>();
      for (Bug bug : BugScanner.of(file, method)) {
        kinds.computeIfAbsent(bug.kind(), _ -> new ArrayList<>()).add(bug);
      }
      if (kinds.isEmpty()) {
        continue;
      }
      // First the kind, so that frequent ones do not crowd out the others.
      List<List<Bug>> lists = List.copyOf(kinds.values());
      List<Bug> bugs = lists.get(random.nextInt(lists.size()));
      Bug bug = bugs.get(random.nextInt(bugs.size()));
      String wrong = file.member(method, bug.edits());
      String right = file.member(method, List.of());
      if (!wrong.equals(right)) {
        return List.of(
            Draft.of(
                TaskText.rewrite(
                    KIND,
                    random.nextBoolean(),
                    "This method has a bug. Find it and fix it.",
                    wrong,
                    bug.explanation(),
                    right),
                wrong));
      }
    }
    return List.of();
  }
}
