package io.hadal.engine.constraint;

/** How the members of an object are written. */
public interface MemberStyle {
  /** As in JSON. */
  MemberStyle JSON =
      new MemberStyle() {
        @Override
        public Expression separator() {
          return JsonGrammar.comma();
        }

        @Override
        public Expression member(Expression name, Values values) {
          return JsonGrammar.member(
              Expression.sequence(JsonGrammar.QUOTE, name, JsonGrammar.QUOTE), values.json());
        }

        @Override
        public Expression.Spelling names() {
          return Expression.Spelling.JSON;
        }
      };

  /** The values of a member. */
  interface Values {
    /** All of them, as JSON. */
    Expression json();

    /** The strings among them, as they are. */
    Expression text();

    /** All others, as JSON. */
    Expression otherThanText();
  }

  /** What stands between members. */
  Expression separator();

  /**
   * A member.
   *
   * @param name its name, spelled as {@link #names} says
   */
  Expression member(Expression name, Values values);

  /** How names are spelled. */
  Expression.Spelling names();
}
