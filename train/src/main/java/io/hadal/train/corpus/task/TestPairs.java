package io.hadal.train.corpus.task;

import io.hadal.train.corpus.Document;
import io.hadal.train.corpus.Language;
import io.hadal.train.corpus.Task;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A test, and the class of the same project that it tests. */
final class TestPairs {
  static final String KIND = "test";

  /** A pair is to fit into a context. */
  private static final int MOST = 16_000;

  private static final int LEAST = 200;

  private TestPairs() {}

  static List<Task> of(List<Document> documents, long seed) {
    Map<String, Document> tested = new HashMap<>();
    Map<String, Integer> times = new HashMap<>();
    for (Document d : documents) {
      String name = name(d);
      tested.put(d.language() + " " + name, d);
      times.merge(d.language() + " " + name, 1, Integer::sum);
    }
    List<Task> tasks = new ArrayList<>();
    for (Document test : documents) {
      String name = testedName(name(test), test.language());
      if (name != null) {
        String key = test.language() + " " + name;
        @Nullable Document code = tested.get(key);
        // Two classes of that name: which one is meant is not known.
        if (code != null
            && times.getOrDefault(key, 0) == 1
            && code.text().length() >= LEAST
            && test.text().length() >= LEAST
            && code.text().length() + test.text().length() <= MOST) {
          tasks.add(task(test, code, test.sample(seed) < 0.5));
        }
      }
    }
    return tasks;
  }

  private static Task task(Document test, Document code, boolean chat) {
    String question = "Write " + code.path() + " so that this test passes.";
    String language = test.language().label();
    if (chat) {
      return new Task(
          KIND,
          question + "\n\n```" + language + "\n" + test.text().strip() + "\n```\n",
          "```" + language + "\n" + code.text().strip() + "\n```\n",
          true);
    }
    String mark = test.language() == Language.PYTHON ? "# " : "// ";
    return new Task(
        KIND,
        mark + test.path() + "\n" + test.text().strip() + "\n\n" + mark + code.path() + "\n",
        code.text().strip() + "\n",
        false);
  }

  private static String name(Document document) {
    String file = document.path().substring(document.path().lastIndexOf('/') + 1);
    int dot = file.lastIndexOf('.');
    return dot < 0 ? file : file.substring(0, dot);
  }

  private static @Nullable String testedName(String name, Language language) {
    if (language == Language.PYTHON) {
      return name.startsWith("test_") ? name.substring(5) : null;
    }
    for (String end : List.of("Test", "Tests", "TestCase", "Spec", ".test", ".spec")) {
      if (name.endsWith(end) && name.length() > end.length()) {
        return name.substring(0, name.length() - end.length());
      }
    }
    return name.startsWith("Test") && name.length() > 4 && Character.isUpperCase(name.charAt(4))
        ? name.substring(4)
        : null;
  }
}
