package io.hadal.engine.serving;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A radix tree: values at token sequences, found by the sequences that begin with them. */
final class TokenTree<V> {
  /** Most nodes that a look below a point visits. */
  private static final int MOST_VISITED = 64;

  private final Node<V> root = new Node<>(null, new int[0]);

  /** A place in the tree: the tokens on the way from the root. */
  static final class Node<V> {
    private @Nullable Node<V> parent;
    private int[] label;
    private final Map<Integer, Node<V>> children = new HashMap<>();
    @Nullable V value;

    private Node(@Nullable Node<V> parent, int[] label) {
      this.parent = parent;
      this.label = label;
    }
  }

  /** True when it holds no value. */
  boolean isEmpty() {
    return root.children.isEmpty() && root.value == null;
  }

  /** The place of a sequence; made when it is new. */
  Node<V> place(int[] tokens) {
    Node<V> node = root;
    int at = 0;
    while (at < tokens.length) {
      Node<V> child = node.children.get(tokens[at]);
      if (child == null) {
        child = new Node<>(node, Arrays.copyOfRange(tokens, at, tokens.length));
        node.children.put(tokens[at], child);
        return child;
      }
      int same = common(child, tokens, at);
      if (same < child.label.length) {
        child = split(child, same);
      }
      at += same;
      node = child;
    }
    return node;
  }

  /** The value of a sequence; null for none. */
  @Nullable V get(int[] tokens) {
    Node<V> node = root;
    int at = 0;
    while (at < tokens.length) {
      node = node.children.get(tokens[at]);
      if (node == null || common(node, tokens, at) < node.label.length) {
        return null;
      }
      at += node.label.length;
    }
    return node.value;
  }

  private static <V> int common(Node<V> node, int[] tokens, int at) {
    int n = Math.min(node.label.length, tokens.length - at);
    int same = Arrays.mismatch(node.label, 0, n, tokens, at, at + n);
    return same < 0 ? n : same;
  }

  /** Puts a node into the way to another, behind the first tokens of its label. */
  private Node<V> split(Node<V> node, int at) {
    Node<V> parent = Objects.requireNonNull(node.parent);
    Node<V> middle = new Node<>(parent, Arrays.copyOf(node.label, at));
    parent.children.put(middle.label[0], middle);
    node.label = Arrays.copyOfRange(node.label, at, node.label.length);
    node.parent = middle;
    middle.children.put(node.label[0], node);
    return middle;
  }

  /** Takes the value out of a place, and the places out that lead nowhere then. */
  void clear(Node<V> place) {
    place.value = null;
    Node<V> node = place;
    while (node.parent != null && node.value == null && node.children.size() < 2) {
      Node<V> parent = node.parent;
      if (node.children.isEmpty()) {
        parent.children.remove(node.label[0]);
      } else {
        Node<V> child = node.children.values().iterator().next();
        int[] label = Arrays.copyOf(node.label, node.label.length + child.label.length);
        System.arraycopy(child.label, 0, label, node.label.length, child.label.length);
        child.label = label;
        child.parent = parent;
        parent.children.put(label[0], child);
      }
      node = parent;
    }
  }

  /**
   * Walks along a sequence as far as the tree knows it.
   *
   * @param on receives the values on the way, the longest last
   * @param reach how far below the end to look
   * @param below receives values that go on from the end, in another way
   * @return tokens that the tree knows
   */
  int walk(int[] tokens, Consumer<V> on, int reach, Consumer<V> below) {
    Node<V> node = root;
    int at = 0;
    while (true) {
      if (node.value != null) {
        on.accept(node.value);
      }
      Node<V> child = at == tokens.length ? null : node.children.get(tokens[at]);
      if (child == null) {
        look(node, 0, reach, below, new int[1]);
        return at;
      }
      int same = common(child, tokens, at);
      at += same;
      if (same < child.label.length) {
        look(child, child.label.length - same, reach, below, new int[1]);
        return at;
      }
      node = child;
    }
  }

  private void look(Node<V> node, int depth, int reach, Consumer<V> below, int[] visited) {
    if (depth > reach || visited[0]++ > MOST_VISITED) {
      return;
    }
    if (depth > 0 && node.value != null) {
      below.accept(node.value);
    }
    for (Node<V> child : node.children.values()) {
      look(child, depth + child.label.length, reach, below, visited);
    }
  }
}
