package io.hadal.platform.redaction;

import io.hadal.formats.FormatException;
import java.util.ArrayList;
import java.util.List;

/** States of a pattern. Behind a state comes the next one, unless it says otherwise. */
final class PatternProgram {
  static final int MAX_STATES = 2000;

  /** What a state does. */
  enum Op {
    /** Takes a char of a set. */
    CHARS,
    /** Goes on in two ways. */
    SPLIT,
    /** Goes on elsewhere. */
    JUMP,
    /** Goes on where a condition holds. */
    ASSERT,
    /** The end. */
    MATCH
  }

  /** Conditions between two chars. */
  enum Place {
    BEGIN,
    END,
    BOUNDARY,
    INSIDE
  }

  private record State(Op op, int other, CharSet chars, Place place) {}

  private final List<State> states = new ArrayList<>();
  private final String source;

  PatternProgram(String source) {
    this.source = source;
  }

  int size() {
    return states.size();
  }

  private int add(State state) {
    if (states.size() == MAX_STATES) {
      throw new FormatException(source, "is too large; use fewer or smaller repetitions");
    }
    states.add(state);
    return states.size() - 1;
  }

  void chars(CharSet chars) {
    add(new State(Op.CHARS, 0, chars, Place.BEGIN));
  }

  void place(Place place) {
    add(new State(Op.ASSERT, 0, CharSet.NONE, place));
  }

  void match() {
    add(new State(Op.MATCH, 0, CharSet.NONE, Place.BEGIN));
  }

  /** A split or jump whose goal is set later. */
  int open(Op op) {
    return add(new State(op, 0, CharSet.NONE, Place.BEGIN));
  }

  /** A jump back, or a split that may go back. */
  void back(Op op, int to) {
    add(new State(op, to, CharSet.NONE, Place.BEGIN));
  }

  /** Lets an open state go to what is added next. */
  void toHere(int state) {
    State open = states.get(state);
    states.set(state, new State(open.op(), states.size(), open.chars(), open.place()));
  }

  Op op(int state) {
    return states.get(state).op();
  }

  int other(int state) {
    return states.get(state).other();
  }

  boolean isMatch(int state) {
    return states.get(state).op() == Op.MATCH;
  }

  boolean accepts(int state, char c) {
    return states.get(state).chars().contains(c);
  }

  boolean holds(int state, String text, int at) {
    boolean boundary = Around.isWord(text, at - 1) != Around.isWord(text, at);
    return switch (states.get(state).place()) {
      case BEGIN -> at == 0;
      case END -> at == text.length();
      case BOUNDARY -> boundary;
      case INSIDE -> !boundary;
    };
  }
}
