package io.hadal.platform.redaction;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * A pattern of an organisation. It runs as an automaton that follows all ways at once, so no
 * pattern and no text makes it slow: the time is at most the length of the text times the states of
 * the pattern. Matches that overlap are one place.
 */
public final class PatternDetector implements Detector {
  private final String kind;
  private final PatternProgram program;

  /**
   * Looks for a pattern: literals, {@code .}, classes, {@code \d \w \s \b}, groups, {@code |},
   * {@code * + ? {n,m}}, {@code ^ $} for the whole text, {@code (?i)} in front.
   *
   * @throws io.hadal.formats.FormatException for anything else, and when it is too large
   */
  public PatternDetector(String kind, String pattern) {
    this.kind = Kinds.check(kind);
    this.program = new PatternParser(pattern, "pattern " + kind).parse();
  }

  @Override
  public String kind() {
    return kind;
  }

  @Override
  public void find(String text, Consumer<Finding> found) {
    List<Finding> kept = new ArrayList<>();
    Threads now = new Threads(program.size());
    Threads next = new Threads(program.size());
    for (int i = 0; i <= text.length(); i++) {
      // Threads are in the order of their beginnings, so the first at a state is the longest.
      add(now, 0, i, text, i);
      next.clear();
      for (int t = 0; t < now.count; t++) {
        int state = now.states[t];
        int start = now.starts[t];
        if (program.isMatch(state)) {
          if (start < i) {
            keep(kept, start, i);
          }
        } else if (i < text.length() && program.accepts(state, text.charAt(i))) {
          add(next, state + 1, start, text, i + 1);
        }
      }
      Threads swap = now;
      now = next;
      next = swap;
    }
    apart(text, kept).forEach(found);
  }

  /** Whole characters; places that have come to overlap by that are one. */
  private List<Finding> apart(String text, List<Finding> kept) {
    List<Finding> apart = new ArrayList<>();
    for (Finding finding : kept) {
      Finding whole = whole(text, finding);
      int start = whole.start();
      while (!apart.isEmpty() && apart.getLast().end() > start) {
        start = Math.min(start, apart.removeLast().start());
      }
      apart.add(new Finding(kind, start, whole.end()));
    }
    return apart;
  }

  private void add(Threads threads, int first, int start, String text, int at) {
    int[] stack = threads.stack;
    int depth = 0;
    stack[depth++] = first;
    while (depth > 0) {
      int state = stack[--depth];
      if (threads.seen[state] == threads.round) {
        continue;
      }
      threads.seen[state] = threads.round;
      switch (program.op(state)) {
        case SPLIT -> {
          stack[depth++] = program.other(state);
          stack[depth++] = state + 1;
        }
        case JUMP -> stack[depth++] = program.other(state);
        case ASSERT -> {
          if (program.holds(state, text, at)) {
            stack[depth++] = state + 1;
          }
        }
        case CHARS, MATCH -> {
          threads.states[threads.count] = state;
          threads.starts[threads.count] = start;
          threads.count++;
        }
      }
    }
  }

  private void keep(List<Finding> kept, int from, int end) {
    int start = from;
    while (!kept.isEmpty() && kept.getLast().end() > from) {
      start = Math.min(start, kept.removeLast().start());
    }
    kept.add(new Finding(kind, start, end));
  }

  /** A place never cuts a surrogate pair in two. */
  private static Finding whole(String text, Finding finding) {
    int start = finding.start();
    int end = finding.end();
    if (start > 0
        && Character.isLowSurrogate(text.charAt(start))
        && Character.isHighSurrogate(text.charAt(start - 1))) {
      start--;
    }
    if (end < text.length()
        && Character.isLowSurrogate(text.charAt(end))
        && Character.isHighSurrogate(text.charAt(end - 1))) {
      end++;
    }
    return new Finding(finding.kind(), start, end);
  }

  /** States that are alive at a place, each once. */
  private static final class Threads {
    final int[] states;
    final int[] starts;
    final int[] seen;
    final int[] stack;
    int count;
    int round = 1;

    Threads(int size) {
      states = new int[size];
      starts = new int[size];
      seen = new int[size];
      stack = new int[2 * size + 2];
    }

    void clear() {
      count = 0;
      round++;
    }
  }
}
