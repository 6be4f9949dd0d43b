package io.hadal.platform.node;

import io.hadal.platform.DataFolder;
import io.hadal.platform.Outage;
import io.hadal.platform.alert.AlertOptions;
import io.hadal.platform.money.PriceBook.Unpriced;
import io.hadal.platform.reports.ExportPlan;
import io.hadal.platform.signin.OidcOptions;
import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How the platform of a process is set up.
 *
 * @param data what outlives the process: database, journal, keys of its own
 * @param url database {@code jdbc:postgresql:...}; null for a file in the folder
 * @param user its user; null for none
 * @param password its password; null for none
 * @param node name of this process among those that share the database
 * @param several whether others share it
 * @param journalBytes bytes of the journal at which nothing more is admitted
 * @param faultsFree whether customers pay nothing for our own failures
 * @param unpriced what happens with models that have no price
 * @param alerts who is told what operators have to know; null for nobody
 * @param oidc sign-in of people; null for the password only
 * @param passwordUntilOidc whether the password ends when an administrator of the system has signed
 *     in by OIDC
 * @param pepper a {@linkplain io.hadal.platform.secrets.Secrets reference} of the keys' pepper;
 *     null for a file in the folder
 * @param masterKey a {@linkplain io.hadal.platform.secrets.Secrets reference} of the key around
 *     data keys; null for a file in the folder
 * @param auditKey file of the key that signs the audit log; null for one in the folder
 * @param outage what goes on while the database does not answer
 * @param export where usage is exported to by itself; null for nowhere
 * @param metricProjects projects that have a label of their own in metrics; the others share one
 * @param auditDays days that names and addresses stay in the audit log; 0 for ever
 */
public record PlatformOptions(
    DataFolder data,
    @Nullable String url,
    @Nullable String user,
    @Nullable String password,
    String node,
    boolean several,
    long journalBytes,
    boolean faultsFree,
    Unpriced unpriced,
    @Nullable AlertOptions alerts,
    @Nullable OidcOptions oidc,
    boolean passwordUntilOidc,
    @Nullable String pepper,
    @Nullable String masterKey,
    @Nullable Path auditKey,
    Outage outage,
    @Nullable ExportPlan export,
    Set<String> metricProjects,
    int auditDays) {
  public PlatformOptions {
    metricProjects = Set.copyOf(metricProjects);
  }

  /** A single process with everything in one folder; models without a price are free. */
  public static PlatformOptions in(DataFolder data) {
    return new PlatformOptions(
        data,
        null,
        null,
        null,
        "node-1",
        false,
        1L << 30,
        true,
        Unpriced.FREE,
        null,
        null,
        false,
        null,
        null,
        null,
        Outage.DEFAULT,
        null,
        Set.of(),
        0);
  }

  @Override
  public String toString() {
    return "PlatformOptions[" + data.path() + ", " + node + "]";
  }
}
