-- Of several projects in one directory the administrators' keep it, then the oldest; the others get one that never is.
UPDATE "projects" AS p SET "workspace_root" = '/dev/null/' || p."id"
WHERE EXISTS (
  SELECT 1 FROM "projects" o
  JOIN "users" ou ON ou."id" = o."user_id"
  JOIN "users" pu ON pu."id" = p."user_id"
  WHERE o."id" <> p."id"
    AND (ou."role" <> 'admin', o."created_at", o."id") < (pu."role" <> 'admin', p."created_at", p."id")
    AND (starts_with(rtrim(o."workspace_root", '/') || '/', rtrim(p."workspace_root", '/') || '/')
      OR starts_with(rtrim(p."workspace_root", '/') || '/', rtrim(o."workspace_root", '/') || '/'))
);--> statement-breakpoint
CREATE TYPE "path_range" AS RANGE (subtype = text, collation = "C");--> statement-breakpoint
-- All that is at or below a directory lies between its name with a slash and that with the character after the slash.
ALTER TABLE "projects" ADD CONSTRAINT "projects_workspace_claim" EXCLUDE USING gist (
  path_range(rtrim("workspace_root", '/') || '/', rtrim("workspace_root", '/') || '0', '[)') WITH &&
) WHERE ("workspace_root" IS NOT NULL);
