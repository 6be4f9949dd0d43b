package io.hadal.engine.constraint;

import io.hadal.engine.constraint.JsonSchema.Form;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.StringNode;

/** Members of objects: named ones in their order, then others. */
final class SchemaObjects {
  private static final int MOST_NAMES = 2_000;
  private static final int MOST_CELLS = 20_000;

  private final JsonSchema schemas;

  SchemaObjects(JsonSchema schemas) {
    this.schemas = schemas;
  }

  /**
   * A named member.
   *
   * @param fill false when it cannot have a value
   */
  private record Member(Expression expression, boolean required, boolean fill) {}

  /** The members with what stands between them; nothing around them. */
  Expression members(SchemaFacts facts, MemberStyle style) {
    Set<String> names = new LinkedHashSet<>();
    facts.properties.forEach(p -> names.addAll(p.named().keySet()));
    boolean open =
        !facts.noExtras
            && facts.properties.stream()
                .allMatch(p -> p.additional() == null || !isFalse(p.additional()))
            && (names.isEmpty() || facts.properties.stream().anyMatch(p -> p.additional() != null));
    names.addAll(facts.required);
    if (names.size() > MOST_NAMES) {
      throw new GrammarException("an object has more than " + MOST_NAMES + " properties");
    }
    RegularLanguage allowed = names(facts);
    List<Member> members = new ArrayList<>();
    for (String name : names) {
      List<SchemaPlace> values = new ArrayList<>();
      for (SchemaFacts.Properties p : facts.properties) {
        SchemaPlace place = p.named().containsKey(name) ? p.named().get(name) : p.additional();
        if (place != null) {
          values.add(place);
        }
      }
      boolean required = facts.required.contains(name);
      boolean possible =
          values.stream().noneMatch(SchemaObjects::isFalse)
              && (allowed == null || allowed.contains(name));
      if (possible || required) {
        members.add(
            new Member(style.member(spelled(name, style), values(values)), required, possible));
      }
    }
    if (members.stream().anyMatch(m -> !m.fill)) {
      return new Expression.Choice(List.of());
    }
    return list(members, open ? extra(facts, names, allowed, style) : null, facts, style);
  }

  private static boolean isFalse(SchemaPlace place) {
    return place.node().isBoolean() && !place.node().booleanValue();
  }

  private static Expression spelled(String name, MemberStyle style) {
    String text = name;
    if (style.names() == Expression.Spelling.JSON) {
      String quoted = StringNode.valueOf(name).toString();
      text = quoted.substring(1, quoted.length() - 1);
    }
    return Expression.literal(text.getBytes(StandardCharsets.UTF_8));
  }

  private MemberStyle.Values values(List<SchemaPlace> places) {
    return new MemberStyle.Values() {
      @Override
      public Expression json() {
        return schemas.anyValue(places, Form.JSON);
      }

      @Override
      public Expression text() {
        return schemas.anyValue(places, Form.TEXT);
      }

      @Override
      public Expression otherThanText() {
        return schemas.anyValue(places, Form.NO_STRING);
      }
    };
  }

  /** What {@code propertyNames} allows; null for all. */
  private @Nullable RegularLanguage names(SchemaFacts facts) {
    if (facts.propertyNames.isEmpty()) {
      return null;
    }
    SchemaFacts demands = new SchemaFacts(schemas.limits());
    RegularLanguage language = RegularLanguage.ofLength(0, -1);
    for (SchemaPlace place : facts.propertyNames) {
      for (String keyword : new String[] {"$ref", "anyOf", "oneOf", "allOf"}) {
        if (place.node().has(keyword)) {
          schemas.limits().refuse(place.at(keyword));
        }
      }
      demands.add(place);
    }
    for (RegularLanguage other : demands.languages) {
      language = language.and(other);
    }
    if (demands.minLength > 0 || demands.maxLength >= 0) {
      language = language.and(RegularLanguage.ofLength(demands.minLength, demands.maxLength));
    }
    if (demands.values != null) {
      List<String> words = new ArrayList<>();
      demands.values.forEach(
          v -> {
            if (v.isString()) {
              words.add(v.stringValue());
            }
          });
      language = language.and(RegularLanguage.ofWords(words));
    }
    return language;
  }

  /** A member with a name of its own. */
  private Expression extra(
      SchemaFacts facts, Set<String> names, @Nullable RegularLanguage allowed, MemberStyle style) {
    List<SchemaPlace> values = new ArrayList<>();
    for (SchemaFacts.Properties p : facts.properties) {
      SchemaPlace place = p.additional();
      if (place != null) {
        values.add(place);
      }
    }
    RegularLanguage language = allowed;
    if (!names.isEmpty()) {
      RegularLanguage others = RegularLanguage.ofWords(names).complement();
      language = language == null ? others : language.and(others);
    }
    String forbidden = schemas.json().forbidden();
    if (forbidden != null) {
      RegularLanguage plain = RegularLanguage.without(forbidden);
      language = language == null ? plain : language.and(plain);
    }
    if (language == null) {
      language = RegularLanguage.ofLength(0, -1);
    }
    return schemas
        .builder()
        .rule("extra", style.member(new Expression.Text(language, style.names()), values(values)));
  }

  /**
   * Members in their order with separators, optional ones left out or not, then extras. One rule
   * for each member and number of members before it, as far as the number matters.
   */
  private Expression list(
      List<Member> members, @Nullable Expression extra, SchemaFacts facts, MemberStyle style) {
    int least = facts.minProperties;
    int most = facts.maxProperties;
    int n = members.size();
    if (extra == null && most < 0 && least <= members.stream().filter(Member::required).count()) {
      least = 0;
    }
    int cap = Math.min(Math.max(1, Math.max(least, most + 1)), n + 1);
    if ((long) (n + 1) * (cap + 1) > MOST_CELLS) {
      throw new GrammarException("the number of properties cannot be enforced");
    }
    GrammarBuilder builder = schemas.builder();
    Map<Integer, Expression> behind = new LinkedHashMap<>();
    for (int c = 0; c <= Math.min(cap, n); c++) {
      Expression end = extras(extra, c, least, most, style);
      if (end != null) {
        behind.put(c, end);
      }
    }
    for (int i = n - 1; i >= 0; i--) {
      Member member = members.get(i);
      Map<Integer, Expression> here = new LinkedHashMap<>();
      for (int c = 0; c <= Math.min(cap, i); c++) {
        List<Expression> options = new ArrayList<>();
        Expression taken = behind.get(Math.min(cap, c + 1));
        if (taken != null && (most < 0 || c < most)) {
          options.add(
              Expression.sequence(
                  c == 0 ? Expression.EMPTY : style.separator(), member.expression, taken));
        }
        Expression skipped = behind.get(c);
        if (!member.required && skipped != null) {
          options.add(skipped);
        }
        if (!options.isEmpty()) {
          here.put(c, builder.rule("members", new Expression.Choice(options)));
        }
      }
      behind = here;
    }
    return behind.getOrDefault(0, new Expression.Choice(List.of()));
  }

  /** Extras behind so many members; null when the number cannot be right any more. */
  private static @Nullable Expression extras(
      @Nullable Expression extra, int count, int least, int most, MemberStyle style) {
    int need = Math.max(0, least - count);
    int room = most < 0 ? -1 : most - count;
    if (most >= 0 && (room < 0 || need > room)) {
      return null;
    }
    if (extra == null) {
      return need > 0 ? null : Expression.EMPTY;
    }
    if (room == 0) {
      return Expression.EMPTY;
    }
    Expression next = Expression.sequence(style.separator(), extra);
    if (count > 0) {
      return new Expression.Repeat(next, need, room);
    }
    Expression some =
        Expression.sequence(
            extra, new Expression.Repeat(next, Math.max(0, need - 1), room < 0 ? -1 : room - 1));
    return need > 0 ? some : Expression.optional(some);
  }
}
