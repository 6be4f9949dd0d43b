package io.hadal.train.corpus.task;

import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import io.hadal.train.corpus.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Methods with and without weaknesses: what real code has, what a small change makes of safe code,
 * and statements put in. The answer names line and CWE, and shows the safe form where it is known.
 */
final class SecurityCases implements Generator {
  static final String KIND = "security";

  private static final String QUESTION = "Is this method secure? Name lines and weaknesses.";
  private static final String NOTHING = "No weakness found.";
  private static final int LEAST = 60;
  private static final int MOST = 2500;

  @Override
  public List<Draft> drafts(ParsedFile file, SplittableRandom random) {
    List<MethodTree> methods = file.methods(LEAST, MOST);
    if (methods.isEmpty()) {
      return List.of();
    }
    List<Draft> real = new ArrayList<>();
    List<MethodTree> clean = new ArrayList<>();
    for (MethodTree method : methods) {
      List<Finding> findings = WeaknessScanner.of(file, method);
      if (!findings.isEmpty()) {
        real.add(Draft.of(recognised(file, method, findings, random.nextBoolean())));
        continue;
      }
      clean.add(method);
      for (Weakening weakening : WeakeningScanner.of(file, method)) {
        real.add(weakened(file, method, weakening, random.nextBoolean()));
      }
    }
    if (!real.isEmpty()) {
      return List.of(real.get(random.nextInt(real.size())));
    }
    Draft draft = inserted(file, clean, random);
    return draft == null ? List.of() : List.of(draft);
  }

  private static Task recognised(
      ParsedFile file, MethodTree method, List<Finding> findings, boolean chat) {
    String code = file.member(method, List.of());
    StringBuilder labels = new StringBuilder();
    for (Finding finding : findings) {
      int line = line(file.text(), file.start(method), finding.at(), List.of());
      labels.append(label(finding.weakness(), line, code));
    }
    return answer(chat, code, labels.toString());
  }

  private static Task answer(boolean chat, String code, String labels) {
    return chat
        ? new Task(KIND, QUESTION + "\n\n" + TaskText.block(code), labels, true)
        : new Task(
            KIND,
            code.strip() + "\n\n" + TaskText.comment(QUESTION),
            TaskText.comment(labels),
            false);
  }

  /** Line of a place in a text after edits, from 1. */
  private static int line(String text, int from, int at, List<Edit> edits) {
    List<Edit> before = edits.stream().filter(e -> e.end() <= at).toList();
    return 1 + (int) Edit.apply(text, from, at, before).chars().filter(c -> c == '\n').count();
  }

  private static String label(Weakness weakness, int line, String code) {
    String text = code.lines().skip(line - 1L).findFirst().orElse("").strip();
    return "Line " + line + ", `" + text + "`: " + weakness.label() + "\n";
  }

  private static Draft weakened(
      ParsedFile file, MethodTree method, Weakening weakening, boolean chat) {
    String unsafe = file.member(method, weakening.edits());
    int line = line(file.text(), file.start(method), weakening.at(), weakening.edits());
    return Draft.of(
        TaskText.rewrite(
            KIND,
            chat,
            QUESTION,
            unsafe,
            label(weakening.weakness(), line, unsafe) + "Safe:",
            file.member(method, List.of())),
        unsafe);
  }

  private static @Nullable Draft inserted(
      ParsedFile file, List<MethodTree> methods, SplittableRandom random) {
    List<MethodTree> able = methods.stream().filter(m -> text(file, m) != null).toList();
    if (able.isEmpty()) {
      return null;
    }
    MethodTree method = able.get(random.nextInt(able.size()));
    String name = text(file, method);
    Insertion insertion = Insertion.any(random);
    boolean chat = random.nextBoolean();
    int at = file.start(method.getBody().getStatements().getFirst());
    int line = file.text().lastIndexOf('\n', at) + 1;
    String indent = file.text().substring(line, at);
    if (!indent.isBlank() || line <= file.start(method.getBody()) || name == null) {
      return null;
    }
    Edit bad = new Edit(line, line, Insertion.lines(insertion.unsafe(), name, indent));
    Edit good = new Edit(line, line, Insertion.lines(insertion.safe(), name, indent));
    String unsafe = file.member(method, List.of(bad));
    String safe = file.member(method, List.of(good));
    // A third of them are safe: not everything that looks dangerous is.
    if (random.nextInt(3) == 0) {
      return Draft.of(answer(chat, safe, NOTHING), safe);
    }
    int first = line(file.text(), file.start(method), line, List.of());
    return Draft.of(
        TaskText.rewrite(
            KIND,
            chat,
            QUESTION,
            unsafe,
            label(insertion.weakness(), first + insertion.line(), unsafe) + "Safe:",
            safe),
        unsafe,
        safe);
  }

  /** The first parameter that is a text, null when there is none or no statement uses the body. */
  private static @Nullable String text(ParsedFile file, MethodTree method) {
    Tree result = method.getReturnType();
    if (result == null || method.getBody().getStatements().isEmpty()) {
      return null;
    }
    for (VariableTree parameter : method.getParameters()) {
      if (file.source(parameter.getType()).equals("String")) {
        return parameter.getName().toString();
      }
    }
    return null;
  }
}
