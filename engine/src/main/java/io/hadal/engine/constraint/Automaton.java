package io.hadal.engine.constraint;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * One non-deterministic automaton per rule, over bytes, tokens and calls of other rules. States of
 * all rules share one numbering; moves of a state form a linked list.
 */
final class Automaton {
  static final int BYTES = 0;
  static final int TOKEN = 1;
  static final int CALL = 2;
  static final int SKIP = 3;

  private static final int MOST_STATES = 400_000;

  private final TokenVocabulary vocabulary;
  private final IntList firstMove = new IntList();

  // Moves: kind, two arguments, target, next move of the state.
  private final IntList kind = new IntList();
  private final IntList a = new IntList();
  private final IntList b = new IntList();
  private final IntList to = new IntList();
  private final IntList next = new IntList();

  private final IntList starts = new IntList();
  private final IntList ends = new IntList();
  private BitSet finals = new BitSet();
  private BitSet nullable = new BitSet();
  private int current;

  Automaton(TokenVocabulary vocabulary) {
    this.vocabulary = vocabulary;
  }

  int rules() {
    return starts.size();
  }

  int states() {
    return firstMove.size();
  }

  int start(int rule) {
    return starts.get(rule);
  }

  boolean isFinal(int state) {
    return finals.get(state);
  }

  boolean isNullable(int rule) {
    return nullable.get(rule);
  }

  int firstMove(int state) {
    return firstMove.get(state);
  }

  int nextMove(int move) {
    return next.get(move);
  }

  int kind(int move) {
    return kind.get(move);
  }

  /** First byte, token or rule. */
  int argument(int move) {
    return a.get(move);
  }

  int lastByte(int move) {
    return b.get(move);
  }

  int target(int move) {
    return to.get(move);
  }

  void begin() {
    current = state();
    starts.add(current);
  }

  void end() {
    finals.set(current);
    ends.add(current);
  }

  private int state() {
    if (firstMove.size() >= MOST_STATES) {
      throw new GrammarException("the grammar needs more than " + MOST_STATES + " states");
    }
    firstMove.add(-1);
    return firstMove.size() - 1;
  }

  private void move(int from, int moveKind, int first, int second, int target) {
    if (kind.size() >= 4 * MOST_STATES) {
      throw new GrammarException("the grammar has too many moves");
    }
    kind.add(moveKind);
    a.add(first);
    b.add(second);
    to.add(target);
    next.add(firstMove.get(from));
    firstMove.set(from, kind.size() - 1);
  }

  private void skip(int from, int target) {
    move(from, SKIP, 0, 0, target);
  }

  /** Appends an expression to the current rule. */
  void add(Expression expression) {
    int from = current;
    int target = state();
    connect(expression, from, target);
    current = target;
  }

  private void connect(Expression expression, int from, int target) {
    switch (expression) {
      case Expression.Words w -> words(w.words(), from, target);
      case Expression.Token t -> move(from, TOKEN, t.id(), 0, target);
      case Expression.Characters c -> characters(c.set(), from, target);
      case Expression.Sequence s -> {
        int at = from;
        int n = s.parts().size();
        for (int i = 0; i < n; i++) {
          int behind = i == n - 1 ? target : state();
          connect(s.parts().get(i), at, behind);
          at = behind;
        }
        if (n == 0) {
          skip(from, target);
        }
      }
      case Expression.Choice c -> {
        for (Expression option : c.options()) {
          // A state of its own, so that a loop in one option does not reach the others.
          int first = state();
          skip(from, first);
          connect(option, first, target);
        }
      }
      case Expression.Repeat r -> repeat(r, from, target);
      case Expression.Rule r -> move(from, CALL, r.index() + 1, 0, target);
      case Expression.Text t -> text(t, from, target);
    }
  }

  private void repeat(Expression.Repeat r, int from, int target) {
    if (r.most() >= 0 && r.most() < r.least()) {
      return;
    }
    int at = from;
    for (int i = 0; i < r.least(); i++) {
      int behind = state();
      connect(r.body(), at, behind);
      at = behind;
    }
    if (r.most() < 0) {
      int loop = state();
      skip(at, loop);
      connect(r.body(), loop, loop);
      skip(loop, target);
      return;
    }
    for (int i = r.least(); i < r.most(); i++) {
      skip(at, target);
      int behind = state();
      connect(r.body(), at, behind);
      at = behind;
    }
    skip(at, target);
  }

  /** Words as a tree, so that many of them cost no more than their letters. */
  private void words(List<byte[]> words, int from, int target) {
    byte[][] sorted = words.toArray(byte[][]::new);
    Arrays.sort(sorted, Arrays::compareUnsigned);
    int[] path = new int[16];
    byte[] before = new byte[0];
    path[0] = from;
    for (int i = 0; i < sorted.length; i++) {
      byte[] word = sorted[i];
      if (i > 0 && Arrays.equals(word, before)) {
        continue;
      }
      int same = i == 0 ? 0 : Math.max(0, Arrays.mismatch(word, before));
      path = path.length > word.length ? path : Arrays.copyOf(path, 2 * word.length + 1);
      for (int k = same; k < word.length; k++) {
        int value = word[k] & 0xFF;
        path[k + 1] = state();
        bytes(path[k], value, value, path[k + 1]);
      }
      skip(path[word.length], target);
      before = word;
    }
  }

  /** Bytes that no token has on its own are left out: a text that needs them could not go on. */
  private void bytes(int from, int first, int last, int target) {
    int at = first;
    while (at <= last) {
      int end = at;
      while (end <= last && vocabulary.hasByte(end)) {
        end++;
      }
      if (end > at) {
        move(from, BYTES, at, end - 1, target);
      }
      at = end + 1;
    }
  }

  private void characters(CharacterSet set, int from, int target) {
    for (int i = 0; i < set.ranges(); i++) {
      utf8(set.first(i), set.last(i), from, target);
    }
  }

  /** Byte sequences of a range of characters. */
  private void utf8(int first, int last, int from, int target) {
    int[] limits = {0x7F, 0x7FF, 0xFFFF, CharacterSet.LAST};
    int low = first;
    for (int n = 0; n < 4 && low <= last; n++) {
      int high = Math.min(last, limits[n]);
      if (low <= high) {
        sequences(low, high, n, from, target);
        low = high + 1;
      }
    }
  }

  /** Characters of {@code more + 1} bytes; at most one branch of each recursion has a remainder. */
  private void sequences(int low, int high, int more, int from, int target) {
    int bits = 6 * more;
    int mask = (1 << bits) - 1;
    int a0 = low >> bits;
    int b0 = high >> bits;
    if (more == 0) {
      bytes(from, low, high, target);
      return;
    }
    if (a0 == b0) {
      int s = state();
      bytes(from, lead(a0, more), lead(a0, more), s);
      tails(low & mask, high & mask, more - 1, s, target);
      return;
    }
    if ((low & mask) != 0) {
      sequences(low, low | mask, more, from, target);
      a0++;
    }
    if ((high & mask) != mask) {
      sequences(high & ~mask, high, more, from, target);
      b0--;
    }
    if (a0 <= b0) {
      int s = state();
      bytes(from, lead(a0, more), lead(b0, more), s);
      tails(0, mask, more - 1, s, target);
    }
  }

  private static int lead(int value, int more) {
    return switch (more) {
      case 1 -> 0xC0 | value;
      case 2 -> 0xE0 | value;
      default -> 0xF0 | value;
    };
  }

  /** Continuation bytes of {@code low..high}, {@code more + 1} of them. */
  private void tails(int low, int high, int more, int from, int target) {
    int bits = 6 * more;
    if (more == 0) {
      bytes(from, 0x80 | low, 0x80 | high, target);
      return;
    }
    int mask = (1 << bits) - 1;
    int a0 = low >> bits;
    int b0 = high >> bits;
    if (a0 == b0) {
      int s = state();
      bytes(from, 0x80 | a0, 0x80 | a0, s);
      tails(low & mask, high & mask, more - 1, s, target);
      return;
    }
    if ((low & mask) != 0) {
      tails(low, low | mask, more, from, target);
      a0++;
    }
    if ((high & mask) != mask) {
      tails(high & ~mask, high, more, from, target);
      b0--;
    }
    if (a0 <= b0) {
      int s = state();
      bytes(from, 0x80 | a0, 0x80 | b0, s);
      tails(0, mask, more - 1, s, target);
    }
  }

  private void text(Expression.Text text, int from, int target) {
    RegularLanguage language = text.language();
    int[] numbers = new int[language.states()];
    for (int s = 0; s < numbers.length; s++) {
      numbers[s] = state();
    }
    skip(from, numbers[0]);
    boolean json = text.spelling() == Expression.Spelling.JSON;
    for (int s = 0; s < numbers.length; s++) {
      if (language.endsAt(s)) {
        skip(numbers[s], target);
      }
      int[] e = language.edges(s);
      // One set for each target, in order of first use.
      List<Integer> targets = new ArrayList<>();
      for (int i = 2; i < e.length; i += 3) {
        if (!targets.contains(e[i])) {
          targets.add(e[i]);
        }
      }
      for (int t : targets) {
        List<int[]> ranges = new ArrayList<>();
        for (int i = 0; i < e.length; i += 3) {
          if (e[i + 2] == t) {
            ranges.add(new int[] {e[i], e[i + 1]});
          }
        }
        CharacterSet set = CharacterSet.ofRanges(ranges);
        if (json) {
          for (Expression way : JsonText.spell(set)) {
            connect(way, numbers[s], numbers[t]);
          }
        } else {
          characters(set, numbers[s], numbers[t]);
        }
      }
    }
  }

  /**
   * Removes what cannot be completed and finds the rules that may be empty.
   *
   * @throws GrammarException when nothing is left of the root
   */
  void trim() {
    BitSet productive = new BitSet();
    IntList[] callers = new IntList[rules()];
    for (int r = 0; r < callers.length; r++) {
      callers[r] = new IntList();
    }
    // Reverse moves, so that each state is looked at once however deep rules call each other.
    int n = states();
    int[] firstBack = new int[n];
    Arrays.fill(firstBack, -1);
    int[] nextBack = new int[kind.size()];
    int[] source = new int[kind.size()];
    for (int s = 0; s < n; s++) {
      for (int m = firstMove(s); m >= 0; m = nextMove(m)) {
        source[m] = s;
        nextBack[m] = firstBack[target(m)];
        firstBack[target(m)] = m;
        if (kind(m) == CALL) {
          callers[argument(m)].add(m);
        }
      }
    }
    BitSet alive = reach(firstBack, nextBack, source, callers, productive, false);
    if (!productive.get(0)) {
      throw new GrammarException("no text follows the grammar");
    }
    reach(firstBack, nextBack, source, callers, nullable, true);
    finals.and(alive);
    for (int s = 0; s < n; s++) {
      int kept = -1;
      int m = firstMove(s);
      while (m >= 0) {
        int following = nextMove(m);
        boolean use = alive.get(target(m)) && (kind(m) != CALL || productive.get(argument(m)));
        if (use) {
          next.set(m, kept);
          kept = m;
        }
        m = following;
      }
      firstMove.set(s, kept);
    }
  }

  /**
   * States that can reach the end of their rule; rules whose start can.
   *
   * @param free true to use only moves without bytes and tokens
   */
  private BitSet reach(
      int[] firstBack,
      int[] nextBack,
      int[] source,
      IntList[] callers,
      BitSet rulesReached,
      boolean free) {
    BitSet reached = new BitSet();
    IntList todo = new IntList();
    int[] ruleOf = new int[states()];
    Arrays.fill(ruleOf, -1);
    for (int r = 0; r < rules(); r++) {
      ruleOf[starts.get(r)] = r;
    }
    for (int r = 0; r < rules(); r++) {
      reached.set(ends.get(r));
      todo.add(ends.get(r));
    }
    while (todo.size() > 0) {
      int s = todo.removeLast();
      if (ruleOf[s] >= 0 && !rulesReached.get(ruleOf[s])) {
        rulesReached.set(ruleOf[s]);
        IntList calls = callers[ruleOf[s]];
        for (int i = 0; i < calls.size(); i++) {
          int m = calls.get(i);
          if (reached.get(target(m)) && !reached.get(source[m])) {
            reached.set(source[m]);
            todo.add(source[m]);
          }
        }
      }
      for (int m = firstBack[s]; m >= 0; m = nextBack[m]) {
        boolean usable =
            switch (kind(m)) {
              case SKIP -> true;
              case CALL -> rulesReached.get(argument(m));
              default -> !free;
            };
        if (usable && !reached.get(source[m])) {
          reached.set(source[m]);
          todo.add(source[m]);
        }
      }
    }
    return reached;
  }

  /** Rules that a rule may call before its first byte. */
  int[] firstRules(int rule) {
    BitSet seen = new BitSet();
    IntList todo = new IntList();
    BitSet calls = new BitSet();
    seen.set(start(rule));
    todo.add(start(rule));
    while (todo.size() > 0) {
      int s = todo.removeLast();
      for (int m = firstMove(s); m >= 0; m = nextMove(m)) {
        if (kind(m) == CALL) {
          calls.set(argument(m));
        }
        boolean pass = kind(m) == SKIP || (kind(m) == CALL && isNullable(argument(m)));
        if (pass && !seen.get(target(m))) {
          seen.set(target(m));
          todo.add(target(m));
        }
      }
    }
    return calls.stream().toArray();
  }

  /** Classes of bytes that no move tells apart, numbered from 0. */
  int[] byteClasses() {
    BitSet cuts = new BitSet(257);
    cuts.set(0);
    for (int m = 0; m < kind.size(); m++) {
      if (kind(m) == BYTES) {
        cuts.set(argument(m));
        cuts.set(lastByte(m) + 1);
      }
    }
    int[] classes = new int[256];
    int c = -1;
    for (int i = 0; i < 256; i++) {
      if (cuts.get(i)) {
        c++;
      }
      classes[i] = c;
    }
    return classes;
  }

  /** True when nothing but the end of the rule may follow, without a byte. */
  boolean isTail(int state) {
    int s = state;
    for (int i = 0; i < 8; i++) {
      int m = firstMove(s);
      if (finals.get(s)) {
        return m < 0;
      }
      if (m < 0 || nextMove(m) >= 0 || kind(m) != SKIP) {
        return false;
      }
      s = target(m);
    }
    return false;
  }
}
