"""What the tests of knowledge-base routes ask for again and again."""

import json


class Kb:
    """A knowledge base over HTTP."""

    def __init__(self, client, name):
        self.client, self.name = client, name
        self.post("create_knowledge_base")

    def post(self, route, **fields):
        return self.client.post(f"/knowledge_base/{route}", json={"knowledge_base_name": self.name, **fields})

    def get(self, route, **params):
        return self.client.get(f"/knowledge_base/{route}", params={"knowledge_base_name": self.name, **params})

    def upload(self, *files, docs=None, **fields):
        parts = [("files", (name, text.encode())) for name, text in files]
        form = {"knowledge_base_name": self.name, **fields}
        if docs is not None:
            form["docs"] = docs if isinstance(docs, str) else json.dumps(docs, ensure_ascii=False)
        return self.client.post("/knowledge_base/upload_docs", data=form, files=parts)

    def texts(self, **fields):
        return [found["page_content"] for found in self.post("search_docs", **{"file_name": "%", **fields}).json()]

    def chunks(self, **params):
        return self.get("chunks", **params).json()["data"]["chunks"]

    def file(self, name):
        (found,) = [file for file in self.get("list_files", details=True).json()["data"] if file["name"] == name]
        return found

    def rebuild(self, **fields):
        return self.post("recreate_vector_store", **fields)

    def delete(self):
        return self.client.post("/knowledge_base/delete_knowledge_base", json=self.name)


LINES = "\n\n".join(f"第{n}条：编号{n}{n}{n}的规定，内容为{'甲乙丙丁戊己庚辛壬癸'[n % 10] * 12}。" for n in range(1, 6))
"""Five chunks at a chunk size of 30."""
