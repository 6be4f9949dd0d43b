package io.hadal.platform.redaction;

import io.hadal.formats.FormatException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Words and phrases of an organisation, such as names of its projects, in capital and small
 * letters. All are looked for at once (Aho and Corasick), the longest wins. A word that begins or
 * ends with a letter or digit is not found inside another word.
 */
public final class DictionaryDetector implements Detector {
  private static final int MAX_CHARS = 2_000_000;
  private static final int MAX_WORD = 200;

  private final String kind;
  private final Node root = new Node(0);

  /** A state: what has been read is the beginning of a word. */
  private static final class Node {
    final int depth;
    final Map<Character, Node> next = new HashMap<>(2);

    /** The state of the longest ending that begins a word. */
    @Nullable Node fail;

    /** The nearest state on the way of failures where a word ends. */
    @Nullable Node ends;

    boolean word;

    Node(int depth) {
      this.depth = depth;
    }
  }

  /**
   * Looks for words.
   *
   * @param kind name of the kind, such as {@code PROJECT_NAME}
   * @throws FormatException when the words are too many, or one is empty or too long
   */
  public DictionaryDetector(String kind, Collection<String> words) {
    this.kind = Kinds.check(kind);
    long chars = 0;
    for (String word : words) {
      chars += word.length();
      if (word.isBlank() || word.length() > MAX_WORD) {
        throw new FormatException(
            "dictionary " + kind, "words must have 1 to " + MAX_WORD + " characters");
      }
      if (chars > MAX_CHARS) {
        throw new FormatException(
            "dictionary " + kind, "has more than " + MAX_CHARS + " characters");
      }
      Node node = root;
      String stripped = word.strip();
      for (int i = 0; i < stripped.length(); i++) {
        int depth = i + 1;
        node = node.next.computeIfAbsent(fold(stripped.charAt(i)), _ -> new Node(depth));
      }
      node.word = true;
    }
    link();
  }

  /** One char for one, so that places stay what they are. */
  private static char fold(char c) {
    return Character.toLowerCase(Character.toUpperCase(c));
  }

  private void link() {
    Queue<Node> queue = new ArrayDeque<>();
    for (Node child : root.next.values()) {
      child.fail = root;
      queue.add(child);
    }
    for (Node node = queue.poll(); node != null; node = queue.poll()) {
      Node fail = node.fail;
      node.ends = fail == null || fail.word ? fail : fail.ends;
      for (Map.Entry<Character, Node> entry : node.next.entrySet()) {
        Node child = entry.getValue();
        child.fail = step(fail == null ? root : fail, entry.getKey());
        queue.add(child);
      }
    }
  }

  private Node step(Node from, char c) {
    Node node = from;
    while (true) {
      Node next = node.next.get(c);
      if (next != null) {
        return next;
      }
      Node fail = node.fail;
      if (fail == null) {
        return root;
      }
      node = fail;
    }
  }

  @Override
  public String kind() {
    return kind;
  }

  @Override
  public void find(String text, Consumer<Finding> found) {
    List<Finding> kept = new ArrayList<>();
    Node node = root;
    for (int i = 0; i < text.length(); i++) {
      node = step(node, fold(text.charAt(i)));
      Node end = node.word ? node : node.ends;
      // The longest word that ends here and stands alone; words inside it do not matter.
      while (end != null && end.depth > 0) {
        if (alone(text, i + 1 - end.depth, i + 1)) {
          keep(kept, new Finding(kind, i + 1 - end.depth, i + 1));
          break;
        }
        end = end.ends;
      }
    }
    kept.forEach(found);
  }

  /** Adds a place; shorter ones inside it, and those it overlaps, become one with it. */
  private void keep(List<Finding> kept, Finding next) {
    int start = next.start();
    while (!kept.isEmpty() && kept.getLast().end() > next.start()) {
      start = Math.min(start, kept.removeLast().start());
    }
    kept.add(new Finding(kind, start, next.end()));
  }

  private static boolean alone(String text, int start, int end) {
    return !(Around.isWord(text, start)
            && Around.isWord(text, start - 1)
            && !Character.isIdeographic(text.charAt(start)))
        && !(Around.isWord(text, end - 1)
            && Around.isWord(text, end)
            && !Character.isIdeographic(text.charAt(end - 1)));
  }
}
