package io.hadal.engine.constraint;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** A regular set of texts: a deterministic automaton over characters. Immutable. */
public final class RegularLanguage {
  private static final int MOST_STATES = 20_000;
  private static final int MOST_EDGES = 400_000;
  private static final long MOST_WORK = 20_000_000;

  /** Ranges of characters that lead on, per state: first, last, target; rising. State 0 starts. */
  private final int[][] edges;

  private final BitSet ends;

  private RegularLanguage(int[][] edges, BitSet ends) {
    this.edges = edges;
    this.ends = ends;
  }

  int states() {
    return edges.length;
  }

  int[] edges(int state) {
    return edges[state];
  }

  boolean endsAt(int state) {
    return ends.get(state);
  }

  /** True when no text belongs to it. */
  public boolean isEmpty() {
    return ends.isEmpty();
  }

  boolean contains(String text) {
    int state = 0;
    for (int c : text.codePoints().toArray()) {
      state = step(state, c);
      if (state < 0) {
        return false;
      }
    }
    return ends.get(state);
  }

  private int step(int state, int c) {
    int[] e = edges[state];
    for (int i = 0; i < e.length; i += 3) {
      if (c >= e[i] && c <= e[i + 1]) {
        return e[i + 2];
      }
    }
    return -1;
  }

  /** Collects states; dead ones are left out at the end. */
  private static final class Table {
    final List<int[]> edges = new ArrayList<>();
    final BitSet ends = new BitSet();
    private int count;

    void set(int state, int[] out) {
      count += out.length / 3;
      if (edges.size() >= MOST_STATES || count > MOST_EDGES) {
        throw new GrammarException("the pattern needs too many states");
      }
      while (edges.size() <= state) {
        edges.add(new int[0]);
      }
      edges.set(state, out);
    }

    RegularLanguage build() {
      int n = edges.size();
      // Backward reachability from the ends.
      List<List<Integer>> back = new ArrayList<>();
      for (int s = 0; s < n; s++) {
        back.add(new ArrayList<>());
      }
      for (int s = 0; s < n; s++) {
        int[] e = edges.get(s);
        for (int i = 2; i < e.length; i += 3) {
          back.get(e[i]).add(s);
        }
      }
      BitSet alive = (BitSet) ends.clone();
      ArrayDeque<Integer> todo = new ArrayDeque<>();
      ends.stream().forEach(todo::add);
      while (!todo.isEmpty()) {
        for (int s : back.get(todo.remove())) {
          if (!alive.get(s)) {
            alive.set(s);
            todo.add(s);
          }
        }
      }
      alive.set(0);
      int[] number = new int[n];
      int m = 0;
      for (int s = 0; s < n; s++) {
        number[s] = alive.get(s) ? m++ : -1;
      }
      int[][] kept = new int[m][];
      BitSet keptEnds = new BitSet();
      for (int s = alive.nextSetBit(0); s >= 0; s = alive.nextSetBit(s + 1)) {
        int[] e = edges.get(s);
        int[] out = new int[e.length];
        int k = 0;
        for (int i = 0; i < e.length; i += 3) {
          int to = number[e[i + 2]];
          if (to < 0) {
            continue;
          }
          if (k > 0 && out[k - 1] == to && out[k - 2] + 1 == e[i]) {
            out[k - 2] = e[i + 1];
          } else {
            out[k++] = e[i];
            out[k++] = e[i + 1];
            out[k++] = to;
          }
        }
        kept[number[s]] = Arrays.copyOf(out, k);
        keptEnds.set(number[s], ends.get(s));
      }
      return new RegularLanguage(kept, keptEnds);
    }
  }

  /**
   * The texts of an expression without rules, tokens and texts.
   *
   * @throws GrammarException when the automaton would be too large
   */
  static RegularLanguage of(Expression expression) {
    CharacterAutomaton nfa = new CharacterAutomaton();
    int start = nfa.state();
    int end = nfa.state();
    nfa.add(expression, start, end);
    return of(nfa.between(start, end));
  }

  /** The language of a non-deterministic automaton. */
  static RegularLanguage of(CharacterAutomaton nfa) {
    Table table = new Table();
    Map<BitSet, Integer> known = new HashMap<>();
    List<BitSet> sets = new ArrayList<>();
    BitSet start = new BitSet();
    start.set(nfa.start());
    nfa.close(start);
    known.put(start, 0);
    sets.add(start);
    long work = 0;
    for (int s = 0; s < sets.size(); s++) {
      BitSet set = sets.get(s);
      if (set.get(nfa.end())) {
        table.ends.set(s);
      }
      List<int[]> moves = new ArrayList<>();
      TreeSet<Integer> cuts = new TreeSet<>();
      for (int q = set.nextSetBit(0); q >= 0; q = set.nextSetBit(q + 1)) {
        CharacterSet label = nfa.label(q);
        if (label != null) {
          for (int i = 0; i < label.ranges(); i++) {
            moves.add(new int[] {label.first(i), label.last(i), nfa.target(q)});
            cuts.add(label.first(i));
            cuts.add(label.last(i) + 1);
          }
        }
      }
      moves.sort((a, b) -> Integer.compare(a[0], b[0]));
      int[] out = new int[3 * cuts.size()];
      int n = 0;
      Integer[] at = cuts.toArray(Integer[]::new);
      for (int i = 0; i + 1 < at.length; i++) {
        BitSet next = new BitSet();
        for (int[] move : moves) {
          if (move[0] > at[i]) {
            break;
          }
          if (move[1] >= at[i]) {
            next.set(move[2]);
          }
          work++;
        }
        if (next.isEmpty()) {
          continue;
        }
        work += nfa.close(next);
        Integer to = known.get(next);
        if (to == null) {
          to = sets.size();
          known.put(next, to);
          sets.add(next);
          if (to >= MOST_STATES) {
            throw new GrammarException("the pattern needs too many states");
          }
        }
        out[n++] = at[i];
        out[n++] = at[i + 1] - 1;
        out[n++] = to;
        if (work > MOST_WORK) {
          throw new GrammarException("the pattern is too complicated");
        }
      }
      table.set(s, Arrays.copyOf(out, n));
    }
    return table.build();
  }

  /** Texts that belong to both. */
  RegularLanguage and(RegularLanguage other) {
    Table table = new Table();
    Map<Long, Integer> known = new HashMap<>();
    List<int[]> pairs = new ArrayList<>();
    known.put(0L, 0);
    pairs.add(new int[] {0, 0});
    for (int s = 0; s < pairs.size(); s++) {
      int a = pairs.get(s)[0];
      int b = pairs.get(s)[1];
      if (ends.get(a) && other.ends.get(b)) {
        table.ends.set(s);
      }
      int[] x = edges[a];
      int[] y = other.edges[b];
      int[] out = new int[x.length + y.length];
      int n = 0;
      int i = 0;
      int j = 0;
      while (i < x.length && j < y.length) {
        int from = Math.max(x[i], y[j]);
        int to = Math.min(x[i + 1], y[j + 1]);
        if (from <= to) {
          long key = ((long) x[i + 2] << 32) | y[j + 2];
          Integer target = known.get(key);
          if (target == null) {
            target = pairs.size();
            known.put(key, target);
            pairs.add(new int[] {x[i + 2], y[j + 2]});
            if (target >= MOST_STATES) {
              throw new GrammarException("the pattern needs too many states");
            }
          }
          out[n++] = from;
          out[n++] = to;
          out[n++] = target;
        }
        if (x[i + 1] < y[j + 1]) {
          i += 3;
        } else {
          j += 3;
        }
      }
      table.set(s, Arrays.copyOf(out, n));
    }
    return table.build();
  }

  /** Texts that do not belong to it. */
  RegularLanguage complement() {
    Table table = new Table();
    int trap = edges.length;
    for (int s = 0; s < edges.length; s++) {
      int[] e = edges[s];
      int[] out = new int[2 * e.length + 3];
      int n = 0;
      int from = 0;
      for (int i = 0; i < e.length; i += 3) {
        if (e[i] > from) {
          n = put(out, n, from, e[i] - 1, trap);
        }
        n = put(out, n, e[i], e[i + 1], e[i + 2]);
        from = e[i + 1] + 1;
      }
      if (from <= CharacterSet.LAST) {
        n = put(out, n, from, CharacterSet.LAST, trap);
      }
      table.set(s, Arrays.copyOf(out, n));
    }
    table.set(trap, new int[] {0, CharacterSet.LAST, trap});
    table.ends.set(0, trap + 1);
    table.ends.andNot(ends);
    return table.build();
  }

  private static int put(int[] out, int n, int first, int last, int target) {
    out[n] = first;
    out[n + 1] = last;
    out[n + 2] = target;
    return n + 3;
  }

  /** These words and no others. */
  static RegularLanguage ofWords(Iterable<String> words) {
    CharacterAutomaton nfa = new CharacterAutomaton();
    int start = nfa.state();
    int end = nfa.state();
    for (String word : words) {
      int at = start;
      for (int c : word.codePoints().toArray()) {
        int next = nfa.state();
        nfa.move(nfa.from(at), CharacterSet.range(c, c), next);
        at = next;
      }
      nfa.skip(at, end);
    }
    return of(nfa.between(start, end));
  }

  /** Texts with so many characters; {@code most} -1 for no limit. */
  static RegularLanguage ofLength(int least, int most) {
    int n = Math.max(least, most);
    if (n >= MOST_STATES) {
      throw new GrammarException("the length is too large to be enforced with a pattern");
    }
    Table table = new Table();
    for (int s = 0; s <= n; s++) {
      boolean last = s == n;
      table.set(
          s, last && most >= 0 ? new int[0] : new int[] {0, CharacterSet.LAST, last ? s : s + 1});
      table.ends.set(s, s >= least);
    }
    return table.build();
  }

  /** Decimal integers, with a sign or without, that a positive number divides. */
  static RegularLanguage multiplesOf(int divisor) {
    Table table = new Table();
    // State 0 starts, 1 is behind a sign, 2 + r has the remainder r.
    for (int s = 0; s < divisor + 2; s++) {
      int[] out = new int[3 * 11];
      int n = s == 0 ? put(out, 0, '-', '-', 1) : 0;
      long r = Math.max(0, s - 2);
      for (int d = 0; d < 10; d++) {
        n = put(out, n, '0' + d, '0' + d, 2 + (int) ((10 * r + d) % divisor));
      }
      table.set(s, Arrays.copyOf(out, n));
    }
    table.ends.set(2);
    return table.build();
  }

  /** Texts in which another does not occur. */
  static RegularLanguage without(String forbidden) {
    int[] f = forbidden.codePoints().toArray();
    TreeSet<Integer> letters = new TreeSet<>();
    for (int c : f) {
      letters.add(c);
    }
    Table table = new Table();
    for (int s = 0; s < f.length; s++) {
      int[] out = new int[3 * (2 * letters.size() + 1)];
      int n = 0;
      int from = 0;
      for (int c : letters) {
        if (c > from) {
          n = put(out, n, from, c - 1, 0);
        }
        int to = overlap(f, s, c);
        if (to < f.length) {
          n = put(out, n, c, c, to);
        }
        from = c + 1;
      }
      n = put(out, n, from, CharacterSet.LAST, 0);
      table.set(s, Arrays.copyOf(out, n));
    }
    table.ends.set(0, f.length);
    return table.build();
  }

  /** Longest beginning of a word that its first characters and one more end with. */
  private static int overlap(int[] word, int count, int next) {
    for (int length = count + 1; length > 0; length--) {
      boolean fits = word[length - 1] == next;
      for (int i = 0; fits && i < length - 1; i++) {
        fits = word[i] == word[count - length + 1 + i];
      }
      if (fits) {
        return length;
      }
    }
    return 0;
  }
}
