package io.hadal.engine.constraint;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes a {@link Grammar} of named rules. Used once, by one thread. */
public final class GrammarBuilder {
  private static final int MOST_RULES = 50_000;

  private final List<@Nullable Expression> bodies = new ArrayList<>();
  private final List<String> names = new ArrayList<>();

  /** A rule to be {@linkplain #define defined} later, as a part of others. */
  public Expression.Rule rule(String name) {
    if (bodies.size() >= MOST_RULES) {
      throw new GrammarException("the grammar has more than " + MOST_RULES + " rules");
    }
    bodies.add(null);
    names.add(name);
    return new Expression.Rule(bodies.size() - 1);
  }

  /** A rule with its body. */
  public Expression.Rule rule(String name, Expression body) {
    Expression.Rule rule = rule(name);
    define(rule, body);
    return rule;
  }

  /** Says what a rule stands for. */
  public void define(Expression.Rule rule, Expression body) {
    bodies.set(rule.index(), body);
  }

  /**
   * The texts that the root stands for.
   *
   * @param vocabulary tokens that spell them
   * @throws GrammarException when there are none, a rule begins with itself, or the grammar is too
   *     large
   */
  public Grammar build(Expression root, TokenVocabulary vocabulary) {
    Automaton automaton = new Automaton(vocabulary);
    // Rule 0 is the root; the others follow.
    automaton.begin();
    automaton.add(root);
    automaton.end();
    for (int i = 0; i < bodies.size(); i++) {
      Expression body = bodies.get(i);
      if (body == null) {
        throw new GrammarException("the rule " + names.get(i) + " is not defined");
      }
      automaton.begin();
      automaton.add(body);
      automaton.end();
    }
    automaton.trim();
    return new Grammar(automaton, order(automaton), vocabulary);
  }

  /** Rules in an order in which each comes before those it may begin with. */
  private int[] order(Automaton automaton) {
    int rules = automaton.rules();
    int[][] begins = new int[rules][];
    for (int r = 0; r < rules; r++) {
      begins[r] = automaton.firstRules(r);
    }
    int[] state = new int[rules];
    int[] next = new int[rules];
    int[] order = new int[rules];
    int n = rules;
    for (int r = 0; r < rules; r++) {
      if (state[r] != 0) {
        continue;
      }
      ArrayDeque<Integer> path = new ArrayDeque<>();
      path.push(r);
      state[r] = 1;
      while (!path.isEmpty()) {
        int top = path.peek();
        if (next[top] == begins[top].length) {
          state[top] = 2;
          order[top] = --n;
          path.pop();
          continue;
        }
        int to = begins[top][next[top]++];
        if (state[to] == 1) {
          throw new GrammarException(
              "the rule " + (to == 0 ? "root" : names.get(to - 1)) + " begins with itself");
        }
        if (state[to] == 0) {
          state[to] = 1;
          path.push(to);
        }
      }
    }
    return Arrays.copyOf(order, rules);
  }
}
