package io.hadal.platform.ledger;

import io.hadal.formats.FormatException;
import org.jspecify.annotations.Nullable;

/**
 * An account. Credits are positive and debits negative, so that all accounts sum to zero: what a
 * project has left is positive in its account, the cash it paid negative in ours.
 *
 * @param owner project it belongs to; null for the operator
 */
public record Account(String id, Type type, @Nullable String owner) {
  /** Kinds of accounts. */
  public enum Type {
    ASSET,
    LIABILITY,
    INCOME,
    EXPENSE
  }

  /** Everything is counted in this currency. */
  public static final String CURRENCY = "USD";

  private static final int MOST_ID = 500;

  /** Money that came in for top-ups. */
  public static final Account CASH = new Account("cash", Type.ASSET, null);

  /** Money that was given away. */
  public static final Account GRANTS = new Account("grants", Type.EXPENSE, null);

  /** Money that is lost. */
  public static final Account WRITE_OFF = new Account("write_off", Type.EXPENSE, null);

  /** What a project may still spend; below zero: what it owes. */
  public static Account prepaid(String project) {
    return new Account("project/" + project + "/prepaid", Type.LIABILITY, project);
  }

  /** What is set aside for a project's running requests. */
  public static Account held(String project) {
    return new Account("project/" + project + "/held", Type.LIABILITY, project);
  }

  /** What a model earned. */
  public static Account revenue(String model) {
    return new Account("revenue/" + model, Type.INCOME, null);
  }

  /** What an upstream cost. */
  public static Account cost(String upstream) {
    return new Account("cost/" + upstream, Type.EXPENSE, null);
  }

  /** What is owed to an upstream. */
  public static Account payable(String upstream) {
    return new Account("payable/" + upstream, Type.LIABILITY, null);
  }

  /**
   * The account with an id.
   *
   * @throws FormatException when there can be none
   */
  public static Account of(String id) {
    Account found = id.length() > MOST_ID || id.endsWith("/") ? null : parsed(id);
    if (found == null) {
      throw new FormatException(
          "account",
          "'"
              + id
              + "' is none; there are cash, grants, write_off, revenue/MODEL, cost/UPSTREAM,"
              + " payable/UPSTREAM, project/ID/prepaid and project/ID/held");
    }
    return found;
  }

  /**
   * The account of a row. Books stay readable whatever name somebody once got into them.
   *
   * @throws FormatException when there can be none
   */
  public static Account stored(String id) {
    Account found = parsed(id);
    if (found == null) {
      throw new FormatException("account", "'" + id + "' is none");
    }
    return found;
  }

  private static @Nullable Account parsed(String id) {
    int slash = id.indexOf('/');
    if (slash < 0) {
      return switch (id) {
        case "cash" -> CASH;
        case "grants" -> GRANTS;
        case "write_off" -> WRITE_OFF;
        default -> null;
      };
    }
    String rest = id.substring(slash + 1);
    return switch (id.substring(0, slash)) {
      case "revenue" -> revenue(rest);
      case "cost" -> cost(rest);
      case "payable" -> payable(rest);
      case "project" -> ofProject(rest);
      default -> null;
    };
  }

  private static @Nullable Account ofProject(String rest) {
    int slash = rest.indexOf('/');
    if (slash < 1) {
      return null;
    }
    String project = rest.substring(0, slash);
    return switch (rest.substring(slash)) {
      case "/prepaid" -> prepaid(project);
      case "/held" -> held(project);
      default -> null;
    };
  }
}
