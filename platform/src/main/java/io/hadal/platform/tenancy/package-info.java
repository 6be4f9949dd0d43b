/** Who uses the platform: organisations, teams, projects, people, roles and keys. */
@NullMarked
package io.hadal.platform.tenancy;

import org.jspecify.annotations.NullMarked;
