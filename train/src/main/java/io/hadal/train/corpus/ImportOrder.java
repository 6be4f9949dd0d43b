package io.hadal.train.corpus;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Orders the documents of a project so that a file comes after the files it imports, as far as
 * imports are not circular: a depth-first walk from the paths in order.
 */
final class ImportOrder {
  private static final Pattern JAVA_IMPORT =
      Pattern.compile("^\\s*import\\s+(?:static\\s+)?([\\w.]+)(?:\\.\\*)?\\s*;", Pattern.MULTILINE);
  private static final Pattern PYTHON_IMPORT =
      Pattern.compile(
          "^\\s*(?:from\\s+([\\w.]+)\\s+import|import\\s+([\\w.]+))", Pattern.MULTILINE);

  private ImportOrder() {}

  static List<Document> sort(List<Document> documents) {
    List<Document> sorted =
        documents.stream()
            .sorted(Comparator.comparing(Document::artifact).thenComparing(Document::path))
            .toList();
    Map<String, Integer> byName = new HashMap<>();
    for (int i = 0; i < sorted.size(); i++) {
      addNames(sorted.get(i), i, byName);
    }
    List<Document> result = new ArrayList<>(sorted.size());
    byte[] state = new byte[sorted.size()];
    for (int i = 0; i < sorted.size(); i++) {
      visit(i, sorted, byName, state, result);
    }
    return result;
  }

  /** For each document the numbers of those that it imports, in the order of the imports. */
  static List<int[]> imports(List<Document> documents) {
    Map<String, Integer> byName = new HashMap<>();
    for (int i = 0; i < documents.size(); i++) {
      addNames(documents.get(i), i, byName);
    }
    List<int[]> all = new ArrayList<>();
    for (int i = 0; i < documents.size(); i++) {
      int self = i;
      all.add(
          imports(documents.get(i), byName).stream()
              .mapToInt(Integer::intValue)
              .filter(n -> n != self)
              .toArray());
    }
    return all;
  }

  private record Frame(int document, Deque<Integer> imports) {}

  private static void visit(
      int root,
      List<Document> documents,
      Map<String, Integer> byName,
      byte[] state,
      List<Document> result) {
    if (state[root] != 0) {
      return;
    }
    // An own stack: chains of imports can be thousands of files long.
    Deque<Frame> stack = new ArrayDeque<>();
    state[root] = 1;
    stack.push(new Frame(root, imports(documents.get(root), byName)));
    while (!stack.isEmpty()) {
      Frame top = stack.element();
      Integer next = top.imports.poll();
      if (next == null) {
        stack.pop();
        result.add(documents.get(top.document));
      } else if (state[next] == 0) {
        state[next] = 1;
        stack.push(new Frame(next, imports(documents.get(next), byName)));
      }
    }
  }

  /** Registers a file under every suffix of its path that an import may name. */
  private static void addNames(Document document, int index, Map<String, Integer> byName) {
    String path = document.path();
    int dot = path.lastIndexOf('.');
    String name = (dot < 0 ? path : path.substring(0, dot)).replace('/', '.');
    name = name.endsWith(".__init__") ? name.substring(0, name.length() - 9) : name;
    // Paths may start with folders that are no packages.
    for (int cut = 0, depth = 0; cut >= 0 && depth < 6; depth++) {
      String key = name.substring(cut);
      if (depth == 0 || key.indexOf('.') > 0) {
        byName.putIfAbsent(document.language() + " " + key, index);
      }
      int next = name.indexOf('.', cut);
      cut = next < 0 ? -1 : next + 1;
    }
  }

  private static Deque<Integer> imports(Document document, Map<String, Integer> byName) {
    Set<Integer> found = new LinkedHashSet<>();
    boolean python = document.language() == Language.PYTHON;
    Matcher matcher = (python ? PYTHON_IMPORT : JAVA_IMPORT).matcher(document.text());
    while (matcher.find()) {
      String name = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
      // A static import or that of a nested type names its file by a prefix.
      while (name != null && name.indexOf('.') > 0) {
        Integer index = byName.get(document.language() + " " + name);
        if (index != null) {
          found.add(index);
          break;
        }
        name = name.substring(0, name.lastIndexOf('.'));
      }
    }
    return new ArrayDeque<>(found);
  }
}
