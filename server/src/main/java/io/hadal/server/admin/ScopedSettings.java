package io.hadal.server.admin;

import io.hadal.chat.Problem;
import io.hadal.platform.limits.LimitScope;
import io.hadal.platform.limits.SubjectLookup;
import io.hadal.platform.tenancy.Actor;
import io.hadal.platform.tenancy.Permission;
import io.hadal.platform.tenancy.Permissions;
import io.hadal.platform.tenancy.Place;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** What limits and budgets have in common: whom they are for, and who may see them. */
final class ScopedSettings {
  private static final int PAGE = 500;
  private static final int MOST_ID = 200;

  private final SubjectLookup subjects;

  ScopedSettings(SubjectLookup subjects) {
    this.subjects = subjects;
  }

  /**
   * Whom a new setting is for.
   *
   * @param org organisation; null for all
   */
  record Target(@Nullable String org, LimitScope scope, String id) {}

  /** Reads {@code scope_type} and {@code scope_id}. */
  Target target(AdminCall call) {
    LimitScope scope = LimitScope.of(call.required("scope_type"));
    if (scope == null) {
      throw Problem.invalid("scope_type", "must be org, team, project, key or end_user");
    }
    String id = call.required("scope_id");
    if (id.length() > MOST_ID) {
      throw Problem.invalid("scope_id", "must have at most " + MOST_ID + " characters");
    }
    String own = call.actor().org();
    if (id.equals(LimitScope.EACH)) {
      return new Target(own, scope, id);
    }
    if (scope == LimitScope.END_USER && id.indexOf('/') < 0) {
      throw Problem.invalid("scope_id", "must be *, PROJECT/* or PROJECT/HASH");
    }
    String org = subjects.org(scope, id);
    if (org == null || (own != null && !own.equals(org))) {
      throw Problem.invalid("scope_id", "names no " + scope.text().replace('_', ' '));
    }
    return new Target(org, scope, id);
  }

  /** Where a setting belongs. */
  Place place(Target target) {
    return subjects.place(target.org, target.scope, target.id);
  }

  /** Whether an actor may see a setting. */
  boolean visible(Actor actor, Permission.Resource resource, Target target) {
    return ofOrg(actor, target.org)
        && Permissions.reach(actor, Permission.read(resource), place(target))
            != Permissions.Reach.NONE;
  }

  /** Whether an actor belongs to an organisation, or to none. */
  static boolean ofOrg(Actor actor, @Nullable String org) {
    return actor.org() == null || actor.org().equals(org);
  }

  /** A page of things in the order of their ids. */
  static <T> JsonNode page(
      AdminCall call,
      List<T> all,
      Predicate<T> wanted,
      Function<T, String> id,
      Function<T, ObjectNode> json) {
    int most = most(call);
    String after = call.query("after");
    ArrayNode data = JsonNodeFactory.instance.arrayNode();
    String next = null;
    String last = null;
    for (T item : all) {
      if ((after != null && id.apply(item).compareTo(after) <= 0) || !wanted.test(item)) {
        continue;
      }
      if (data.size() == most) {
        next = last;
        break;
      }
      data.add(json.apply(item));
      last = id.apply(item);
    }
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.set("data", data);
    node.put("next", next);
    return node;
  }

  /** A list that has no further page. */
  static JsonNode list(List<ObjectNode> items) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    ArrayNode data = node.putArray("data");
    items.forEach(data::add);
    node.putNull("next");
    return node;
  }

  /** The parameter {@code limit}, most entries of a list. */
  static int most(AdminCall call) {
    String text = call.query("limit");
    if (text == null) {
      return 50;
    }
    try {
      int most = Integer.parseInt(text);
      if (most >= 1 && most <= PAGE) {
        return most;
      }
    } catch (NumberFormatException e) {
      throw Problem.invalid("limit", "must be a whole number from 1 to " + PAGE);
    }
    throw Problem.invalid("limit", "must be a whole number from 1 to " + PAGE);
  }

  static String time(long millis) {
    return Instant.ofEpochMilli(millis).toString();
  }

  /** A moment; null for never. */
  static @Nullable String end(long millis) {
    return millis == Long.MAX_VALUE ? null : time(millis);
  }

  /** Writes an amount of nano-USD in both forms. */
  static void amount(ObjectNode node, String name, long nano) {
    node.put(name + "_nano", nano);
    node.put(name + "_usd", BigDecimal.valueOf(nano, 9).stripTrailingZeros().toPlainString());
  }

  /**
   * Reads an amount in either form: {@code NAME_nano}, a whole number, or {@code NAME_usd}, decimal
   * text.
   *
   * @return null when neither is there
   */
  static @Nullable Long amount(AdminCall call, String name, long least, long most) {
    String usd = call.text(name + "_usd");
    JsonNode nano = call.body().get(name + "_nano");
    if (usd != null && nano != null && !nano.isNull()) {
      throw Problem.invalid(name + "_usd", "or " + name + "_nano is required, not both");
    }
    if (usd == null) {
      return nano == null || nano.isNull() ? null : call.number(name + "_nano", least, most, 0);
    }
    if (usd.length() > 40) {
      throw Problem.invalid(name + "_usd", "must be a decimal number");
    }
    try {
      BigDecimal exact = new BigDecimal(usd.strip()).movePointRight(9);
      // Exponents could make this a very long number.
      if (exact.precision() - exact.scale() <= 19 && exact.scale() <= 40) {
        long value = exact.longValueExact();
        if (value >= least && value <= most) {
          return value;
        }
      }
    } catch (NumberFormatException e) {
      throw Problem.invalid(name + "_usd", "must be a decimal number");
    } catch (ArithmeticException e) {
      throw Problem.invalid(name + "_usd", "must have at most nine decimals");
    }
    throw Problem.invalid(
        name + "_usd",
        "must be from "
            + BigDecimal.valueOf(least, 9).stripTrailingZeros().toPlainString()
            + " to "
            + BigDecimal.valueOf(most, 9).stripTrailingZeros().toPlainString());
  }
}
