package io.hadal.engine.constraint;

import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A set of texts over the tokens of a vocabulary, compiled to one automaton per rule. Follows all
 * readings of a text at once: callers of a rule at the same place share its stack, so the work per
 * byte is bounded by the number of states times the number of open calls, whatever the grammar.
 * What is found out is kept for other texts of the same grammar. Safe for concurrent use.
 */
public final class Grammar {
  /** State behind the root. */
  private static final int ACCEPT = -1;

  private static final int MOST_POSITIONS = 5_000;
  private static final int MOST_STACKS = 50_000;
  private static final int MOST_MASKS = 256;

  /** Visits of states and nodes for one set of tokens. */
  private static final long MOST_WORK = 20_000_000;

  private final Automaton automaton;
  private final int[] order;
  private final TokenVocabulary vocabulary;
  private final int[] byteClass;
  private final int classes;
  private final Map<Stack.Key, Stack> stacks = new HashMap<>();
  private final Map<Stack.Key, Position> positions = new HashMap<>();
  private final Position start;
  private final Position[] path;
  private int serial;
  private int masks;
  private long work;

  /**
   * @param order place of each rule among the rules, before those it may begin with
   */
  Grammar(Automaton automaton, int[] order, TokenVocabulary vocabulary) {
    this.automaton = automaton;
    this.order = order;
    this.vocabulary = vocabulary;
    this.byteClass = automaton.byteClasses();
    this.classes = byteClass[255] + 1;
    this.path = new Position[vocabulary.deepest() + 1];
    Closure closure = new Closure();
    Stack bottom = stack(new int[] {ACCEPT}, new @Nullable Stack[] {null});
    closure.visit(automaton.start(0), bottom);
    this.start = closure.finish();
  }

  /** A text of this grammar from its beginning. */
  public TokenConstraint begin() {
    return new Text(start);
  }

  /**
   * A text of which something is there already.
   *
   * @return null when the grammar has no text that begins so
   */
  public @Nullable TokenConstraint beginBehind(byte[] text) {
    Position at = walk(start, text);
    return at.isDead() ? null : new Text(at);
  }

  /** Whether some text of the grammar is exactly this one, written in bytes. */
  boolean contains(byte[] text) {
    return walk(start, text).complete;
  }

  private synchronized Position walk(Position from, byte[] text) {
    work = 0;
    Position at = from;
    for (byte b : text) {
      at = step(at, byteClass[b & 0xFF], b & 0xFF);
    }
    return at;
  }

  /** The position behind one more byte. */
  private Position step(Position from, int byteClassOf, int value) {
    Position known = from.next[byteClassOf];
    if (known != null) {
      return known;
    }
    Closure closure = new Closure();
    for (int i = 0; i < from.states.length; i++) {
      for (int m = automaton.firstMove(from.states[i]); m >= 0; m = automaton.nextMove(m)) {
        if (automaton.kind(m) == Automaton.BYTES
            && automaton.argument(m) <= value
            && automaton.lastByte(m) >= value) {
          closure.visit(automaton.target(m), from.stacks[i]);
        }
        spend(1);
      }
    }
    Position next = closure.finish();
    from.next[byteClassOf] = next;
    return next;
  }

  private void spend(int amount) {
    work += amount;
    if (work > MOST_WORK) {
      throw new GrammarTooCostlyException();
    }
  }

  private Stack stack(int[] states, @Nullable Stack[] under) {
    int[] serials = new int[under.length];
    for (int i = 0; i < serials.length; i++) {
      Stack s = under[i];
      serials[i] = s == null ? -1 : s.serial;
    }
    return stacks.computeIfAbsent(
        new Stack.Key(states, serials), k -> new Stack(states, under, serial++));
  }

  /** Finds everything that can be reached without a byte. */
  private final class Closure {
    private final Set<Long> seen = new HashSet<>();
    private final IntList todoStates = new IntList();
    private final java.util.ArrayList<Stack> todoStacks = new java.util.ArrayList<>();
    private final TreeMap<Long, Stack> kept = new TreeMap<>();
    private final TreeMap<Integer, Callers> calls = new TreeMap<>();
    private boolean complete;

    void visit(int state, @Nullable Stack stack) {
      if (state == ACCEPT || stack == null) {
        complete = true;
        return;
      }
      if (seen.add(((long) state << 32) | stack.serial)) {
        todoStates.add(state);
        todoStacks.add(stack);
        spend(1);
      }
    }

    Position finish() {
      while (true) {
        while (todoStates.size() > 0) {
          look(todoStates.removeLast(), todoStacks.removeLast());
        }
        Map.Entry<Integer, Callers> first = calls.pollFirstEntry();
        if (first == null) {
          break;
        }
        // All that may call it here has been seen: those rules come before it.
        Callers callers = first.getValue();
        visit(automaton.start(callers.rule), callers.toStack());
      }
      int n = kept.size();
      int[] states = new int[n];
      int[] serials = new int[n + 1];
      Stack[] on = new Stack[n];
      int i = 0;
      for (Map.Entry<Long, Stack> entry : kept.entrySet()) {
        states[i] = (int) (entry.getKey() >> 32);
        serials[i] = entry.getValue().serial;
        on[i++] = entry.getValue();
      }
      serials[n] = complete ? 1 : 0;
      Stack.Key key = new Stack.Key(states, serials);
      Position known = positions.get(key);
      if (known == null) {
        if (positions.size() >= MOST_POSITIONS || stacks.size() >= MOST_STACKS) {
          // What is in use stays valid; the rest is found out anew when it is needed.
          positions.clear();
          stacks.clear();
        }
        known = new Position(states, on, complete, classes);
        positions.put(key, known);
      }
      return known;
    }

    private void look(int state, Stack stack) {
      boolean moves = false;
      for (int m = automaton.firstMove(state); m >= 0; m = automaton.nextMove(m)) {
        int target = automaton.target(m);
        spend(1);
        switch (automaton.kind(m)) {
          case Automaton.SKIP -> visit(target, stack);
          case Automaton.CALL -> {
            int rule = automaton.argument(m);
            if (automaton.isNullable(rule)) {
              visit(target, stack);
            }
            Callers callers = calls.computeIfAbsent(order[rule], o -> new Callers(rule));
            if (automaton.isTail(target)) {
              // Nothing is left to do here: what comes behind the caller comes next.
              for (int i = 0; i < stack.states.length; i++) {
                callers.add(stack.states[i], stack.under[i]);
                spend(1);
              }
            } else {
              callers.add(target, stack);
            }
          }
          default -> moves = true;
        }
      }
      if (automaton.isFinal(state)) {
        for (int i = 0; i < stack.states.length; i++) {
          visit(stack.states[i], stack.under[i]);
        }
      }
      if (moves) {
        kept.put(((long) state << 32) | stack.serial, stack);
      }
    }
  }

  /** Who waits for a rule that begins at this place. */
  private final class Callers {
    final int rule;
    private final TreeMap<Long, @Nullable Stack> waiting = new TreeMap<>();

    Callers(int rule) {
      this.rule = rule;
    }

    void add(int state, @Nullable Stack under) {
      int s = under == null ? -1 : under.serial;
      waiting.put(((long) state << 32) | (s & 0xFFFF_FFFFL), under);
    }

    Stack toStack() {
      int[] states = new int[waiting.size()];
      @Nullable Stack[] under = new @Nullable Stack[waiting.size()];
      int i = 0;
      for (Map.Entry<Long, @Nullable Stack> entry : waiting.entrySet()) {
        states[i] = (int) (entry.getKey() >> 32);
        under[i++] = entry.getValue();
      }
      return stack(states, under);
    }
  }

  private synchronized BitSet allowed(Position at) {
    BitSet known = at.mask;
    if (known != null) {
      return known;
    }
    work = 0;
    BitSet mask = new BitSet(vocabulary.size());
    for (int state : at.states) {
      for (int m = automaton.firstMove(state); m >= 0; m = automaton.nextMove(m)) {
        if (automaton.kind(m) == Automaton.TOKEN) {
          mask.set(automaton.argument(m));
        }
      }
    }
    path[0] = at;
    int nodes = vocabulary.nodes();
    int node = 0;
    while (node < nodes) {
      int depth = vocabulary.depth(node);
      int value = vocabulary.label(node) & 0xFF;
      Position from = path[depth - 1];
      Position next = from.next[byteClass[value]];
      if (next == null) {
        next = step(from, byteClass[value], value);
      }
      if (next.isDead()) {
        node = vocabulary.end(node);
        continue;
      }
      vocabulary.addTokens(node, mask);
      path[depth] = next;
      node++;
    }
    if (++masks > MOST_MASKS) {
      masks = 0;
      positions.values().forEach(p -> p.mask = null);
    }
    at.mask = mask;
    return mask;
  }

  private synchronized @Nullable Position accept(Position at, int token) {
    Closure closure = null;
    for (int i = 0; i < at.states.length; i++) {
      for (int m = automaton.firstMove(at.states[i]); m >= 0; m = automaton.nextMove(m)) {
        if (automaton.kind(m) == Automaton.TOKEN && automaton.argument(m) == token) {
          work = 0;
          closure = closure == null ? new Closure() : closure;
          closure.visit(automaton.target(m), at.stacks[i]);
        }
      }
    }
    if (closure != null) {
      return closure.finish();
    }
    byte[] bytes = vocabulary.bytes(token);
    Position next = bytes.length == 0 ? null : walk(at, bytes);
    return next == null || next.isDead() ? null : next;
  }

  /** A text as it stands. */
  private final class Text implements TokenConstraint {
    private Position at;

    Text(Position at) {
      this.at = at;
    }

    @Override
    public BitSet allowed() {
      return Grammar.this.allowed(at);
    }

    @Override
    public void accept(int token) {
      Position next = Grammar.this.accept(at, token);
      if (next == null) {
        throw new IllegalArgumentException("token " + token + " does not follow the grammar");
      }
      at = next;
    }

    @Override
    public boolean mayEnd() {
      return at.complete;
    }

    @Override
    public boolean finished() {
      return at.complete && at.states.length == 0;
    }

    @Override
    public TokenConstraint fork() {
      return new Text(at);
    }
  }
}
