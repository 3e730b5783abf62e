-- They had no meaning: what cannot be a label goes, and of several the oldest keeps its own. Whole host names stay.
UPDATE "projects" SET "subdomain" = NULL
WHERE "subdomain" NOT LIKE '%.%' AND (lower("subdomain") !~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'
  OR lower("subdomain") ~ '^(..--|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})'
  OR lower("subdomain") IN ('admin', 'api', 'app', 'assets', 'auth', 'console', 'crush', 'login', 'mail', 'preview', 'static', 'www'));
--> statement-breakpoint
UPDATE "projects" SET "subdomain" = NULL
WHERE "subdomain" NOT LIKE '%.%' AND EXISTS (
  SELECT FROM "projects" "older"
  WHERE lower("older"."subdomain") = lower("projects"."subdomain")
    AND ("older"."created_at", "older"."id") < ("projects"."created_at", "projects"."id")
);
--> statement-breakpoint
UPDATE "projects" SET "subdomain" = lower("subdomain") WHERE "subdomain" NOT LIKE '%.%' AND "subdomain" <> lower("subdomain");
--> statement-breakpoint
CREATE UNIQUE INDEX "projects_subdomain_unique" ON "projects" USING btree (lower("subdomain")) WHERE "projects"."subdomain" not like '%.%';
